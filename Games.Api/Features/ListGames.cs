using System.Buffers.Text;
using FastEndpoints;
using FluentValidation;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

internal sealed record ListGamesRequest
{
    [QueryParam]
    public string? GuildId { get; init; }

    [QueryParam]
    public GameStatus? Status { get; init; }

    [QueryParam]
    public int? Limit { get; init; }

    [QueryParam]
    public string? Cursor { get; init; }
}

internal sealed record ListGamesResponse(IReadOnlyList<ListedGame> Items, string? NextCursor);

internal sealed record ListedGame(
    Guid Id,
    string GuildId,
    string ChannelId,
    string HostId,
    string Title,
    string? Description,
    string? Location,
    DateTimeOffset ScheduledAt,
    int? DurationMinutes,
    int MaxPlayers,
    GameStatus Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

internal sealed class ListGamesValidator : Validator<ListGamesRequest>
{
    public ListGamesValidator()
    {
        RuleFor(page => page.GuildId).Snowflake().When(page => page.GuildId is not null);
        RuleFor(page => page.Status).IsInEnum();
        RuleFor(page => page.Limit).InclusiveBetween(1, ListGames.MaxLimit);
        RuleFor(page => page.Cursor)
            .Must(cursor => ListGames.TryReadCursor(cursor, out _)).WithMessage("is not a cursor of this list");
    }
}

/// <summary>Newest first. The cursor is the last id of the page before: ids are uuid v7, so that pages stay right while games are added.</summary>
internal sealed class ListGames(GamesDbContext db) : Endpoint<ListGamesRequest, ListGamesResponse>
{
    public const int MaxLimit = 100;
    private const int DefaultLimit = 20;
    private const int UuidBytes = 16;

    public override void Configure()
    {
        Get("/games");
        AllowAnonymous();
        Tags("Games");
        Description(route => route.ProducesProblem(StatusCodes.Status400BadRequest));
    }

    public override async Task HandleAsync(ListGamesRequest request, CancellationToken ct)
    {
        var limit = request.Limit ?? DefaultLimit;
        var games = db.Games.AsQueryable();
        if (request.GuildId is not null)
            games = games.Where(game => game.GuildId == request.GuildId);
        if (request.Status is { } status)
            games = games.Where(game => game.Status == status);
        if (TryReadCursor(request.Cursor, out var last) && last is not null)
            games = games.Where(game => game.Id < last);

        // One more than asked for tells whether there is a next page.
        var found = await games
            .OrderByDescending(game => game.Id)
            .Take(limit + 1)
            .Select(game => new ListedGame(
                game.Id, game.GuildId, game.ChannelId, game.HostId, game.Title, game.Description, game.Location, game.ScheduledAt,
                game.DurationMinutes, game.MaxPlayers, game.Status, game.CreatedAt, game.UpdatedAt))
            .ToListAsync(ct);

        var items = found.Count > limit ? found[..limit] : found;
        await Send.OkAsync(new ListGamesResponse(items, found.Count > limit ? WriteCursor(items[^1].Id) : null), ct);
    }

    internal static bool TryReadCursor(string? cursor, out Guid? last)
    {
        last = null;
        if (cursor is null)
            return true;

        Span<byte> bytes = stackalloc byte[UuidBytes];
        if (!Base64Url.IsValid(cursor, out var length) || length != UuidBytes || !Base64Url.TryDecodeFromChars(cursor, bytes, out _))
            return false;

        last = new Guid(bytes, bigEndian: true);
        return true;
    }

    private static string WriteCursor(Guid last) => Base64Url.EncodeToString(last.ToByteArray(bigEndian: true));
}
