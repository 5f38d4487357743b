using System.Buffers.Binary;
using System.Buffers.Text;
using FastEndpoints;
using FluentValidation;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Api.Features;

internal enum EventState { Pending, Dispatched, Dead }

internal sealed record ListEventsRequest
{
    [QueryParam]
    public string? Type { get; init; }

    [QueryParam]
    public string? Channel { get; init; }

    [QueryParam]
    public Guid? CorrelationId { get; init; }

    [QueryParam]
    public EventState? State { get; init; }

    [QueryParam]
    public int? Limit { get; init; }

    [QueryParam]
    public string? Cursor { get; init; }
}

internal sealed record ListEventsResponse(IReadOnlyList<ListedEvent> Items, string? NextCursor);

internal sealed record ListedEvent(
    Guid Id, string EventType, string Channel, DateTimeOffset CreatedAt, Guid? CorrelationId, string Source, DateTimeOffset? DispatchedAt,
    int Attempts, DateTimeOffset? NextAttemptAt, string? LastError, DateTimeOffset? DeadAt);

internal sealed class ListEventsValidator : Validator<ListEventsRequest>
{
    public ListEventsValidator()
    {
        RuleFor(page => page.State).IsInEnum();
        RuleFor(page => page.Limit).InclusiveBetween(1, ListEvents.MaxLimit);
        RuleFor(page => page.Cursor).Must(cursor => ListEvents.TryReadCursor(cursor, out _)).WithMessage("is not a cursor of this list");
    }
}

/// <summary>Newest first, without payloads. The cursor is when the last event of the page before was created, and its id.</summary>
internal sealed class ListEvents(GamesDbContext db) : Endpoint<ListEventsRequest, ListEventsResponse>
{
    public const int MaxLimit = 100;
    private const int DefaultLimit = 20;
    private const int CursorBytes = 24;

    public override void Configure()
    {
        Get("/events");
        AllowAnonymous();
        Tags("Events");
        Description(route => route.ProducesProblem(StatusCodes.Status400BadRequest));
    }

    public override async Task HandleAsync(ListEventsRequest request, CancellationToken ct)
    {
        var limit = request.Limit ?? DefaultLimit;
        var events = db.Events.AsQueryable();
        if (request.Type is not null)
            events = events.Where(e => e.EventType == request.Type);
        if (request.Channel is not null)
            events = events.Where(e => e.Channel == request.Channel);
        if (request.CorrelationId is not null)
            events = events.Where(e => e.CorrelationId == request.CorrelationId);
        events = request.State switch
        {
            EventState.Pending => events.Where(e => e.DispatchedAt == null && e.DeadAt == null),
            EventState.Dispatched => events.Where(e => e.DispatchedAt != null),
            EventState.Dead => events.Where(e => e.DeadAt != null),
            _ => events,
        };
        if (TryReadCursor(request.Cursor, out var last) && last is var (time, id))
            events = events.Where(e => e.CreatedAt < time || (e.CreatedAt == time && e.Id < id));

        // One more than asked for tells whether there is a next page.
        var found = await events
            .OrderByDescending(e => e.CreatedAt).ThenByDescending(e => e.Id)
            .Take(limit + 1)
            .Select(e => new ListedEvent(
                e.Id, e.EventType, e.Channel, e.CreatedAt, e.CorrelationId, e.Source, e.DispatchedAt, e.Attempts, e.NextAttemptAt, e.LastError, e.DeadAt))
            .ToListAsync(ct);

        var items = found.Count > limit ? found[..limit] : found;
        await Send.OkAsync(new ListEventsResponse(items, found.Count > limit ? WriteCursor(items[^1]) : null), ct);
    }

    internal static bool TryReadCursor(string? cursor, out (DateTimeOffset Time, Guid Id)? last)
    {
        last = null;
        if (cursor is null)
            return true;

        Span<byte> bytes = stackalloc byte[CursorBytes];
        if (!Base64Url.IsValid(cursor, out var length) || length != CursorBytes || !Base64Url.TryDecodeFromChars(cursor, bytes, out _))
            return false;
        if (BinaryPrimitives.ReadInt64BigEndian(bytes) is var ticks && (ulong)ticks > (ulong)DateTimeOffset.MaxValue.Ticks)
            return false;

        last = (new(ticks, TimeSpan.Zero), new Guid(bytes[8..], bigEndian: true));
        return true;
    }

    private static string WriteCursor(ListedEvent last)
    {
        Span<byte> bytes = stackalloc byte[CursorBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, last.CreatedAt.UtcTicks);
        last.Id.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }
}
