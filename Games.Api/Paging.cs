using System.Buffers.Text;
using FastEndpoints;
using FluentValidation;
using Microsoft.EntityFrameworkCore;

namespace Games.Api;

/// <summary>What every list takes beside its own filters.</summary>
internal abstract record PageRequest
{
    [QueryParam]
    public int? Limit { get; init; }

    [QueryParam]
    public string? Cursor { get; init; }

    /// <summary>One more than asked for tells whether there is a next page.</summary>
    internal int MostRead => PageSize + 1;

    internal int PageSize => Limit ?? Paging.DefaultLimit;
}

/// <summary>One page of a list. The cursor of the next is missing on the last.</summary>
internal sealed record Page<TItem>(IReadOnlyList<TItem> Items, string? NextCursor);

internal static class Paging
{
    public const int MaxLimit = 100;
    public const int DefaultLimit = 20;

    public static void RuleForPages<TRequest>(this AbstractValidator<TRequest> validator, Func<string, bool> isCursor)
        where TRequest : PageRequest
    {
        validator.RuleFor(page => page.Limit).InclusiveBetween(1, MaxLimit);
        validator.RuleFor(page => page.Cursor)
            .Text(cursor => cursor is null || isCursor(cursor), "must be the nextCursor of another page of this list", "^[A-Za-z0-9_-]+$");
    }

    public static async Task<Page<TItem>> ToPageAsync<TItem>(
        this IQueryable<TItem> items, PageRequest request, Func<TItem, string> cursorOf, CancellationToken ct)
    {
        var limit = request.PageSize;
        var found = await items.Take(request.MostRead).ToListAsync(ct);

        return found.Count > limit ? new(found[..limit], cursorOf(found[limit - 1])) : new(found, NextCursor: null);
    }

    /// <summary>Reads a cursor into exactly so many bytes; one of another length belongs to another list.</summary>
    public static bool TryReadCursor(string cursor, Span<byte> bytes) =>
        Base64Url.IsValid(cursor, out var length) && length == bytes.Length && Base64Url.TryDecodeFromChars(cursor, bytes, out _);
}
