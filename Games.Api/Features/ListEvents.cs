using System.Buffers.Binary;
using System.Buffers.Text;
using FastEndpoints;
using FluentValidation;
using Games.Data;

namespace Games.Api.Features;

internal sealed record ListEventsRequest : PageRequest
{
    [QueryParam]
    public string? Type { get; init; }

    [QueryParam]
    public string? Channel { get; init; }

    [QueryParam]
    public Guid? CorrelationId { get; init; }

    [QueryParam]
    public EventState? State { get; init; }
}

internal sealed record ListedEvent(
    Guid Id, string EventType, string Channel, DateTimeOffset CreatedAt, Guid? CorrelationId, string Source, EventState State,
    DateTimeOffset? DispatchedAt, int Attempts, DateTimeOffset? NextAttemptAt, string? LastError, DateTimeOffset? DeadAt);

internal sealed class ListEventsValidator : Validator<ListEventsRequest>
{
    public ListEventsValidator()
    {
        RuleFor(page => page.Type).EventType();
        RuleFor(page => page.Channel).Channel();
        this.RuleForPages(cursor => ListEvents.TryReadCursor(cursor, out _, out _));
    }
}

/// <summary>
/// Newest first, without payloads. The cursor is when the last event that was looked at was created, and its id: with filters a page may hold
/// fewer than asked for, or none, and still have a next one.
/// </summary>
internal sealed class ListEvents(GamesDbContext db) : Endpoint<ListEventsRequest, Page<ListedEvent>>
{
    private const int CursorBytes = 24;

    public override void Configure()
    {
        Get("/events");
        Policies(Scope.EventsRead);
        Tags("Events");
        Summary(list => list.Summary =
            "Lists events without their payloads, newest first, page by page; with filters a page may be short while there is a next one");
    }

    public override async Task HandleAsync(ListEventsRequest request, CancellationToken ct)
    {
        var (events, last) = await LookAsync(request, ct);
        if (request.Type is not null)
            events = events.Where(e => e.EventType == request.Type);
        if (request.Channel is not null)
            events = events.Where(e => e.Channel == request.Channel);
        events = events.OfState(request.State);

        var page = await events
            .NewestFirst()
            .Select(e => new ListedEvent(
                e.Id, e.EventType, e.Channel, e.CreatedAt, e.CorrelationId, e.Source,
                e.DeadAt != null ? EventState.Dead : e.DispatchedAt != null ? EventState.Dispatched : EventState.Pending,
                e.DispatchedAt, e.Attempts, e.NextAttemptAt, e.LastError, e.DeadAt))
            .ToPageAsync(request, e => WriteCursor(new(e.CreatedAt, e.Id)), ct);
        if (page.NextCursor is null && last is not null)
            page = page with { NextCursor = WriteCursor(last) };
        await Send.OkAsync(page, ct);
    }

    /// <summary>The events to look through, by whichever condition has an index in their order; and where a look ends.</summary>
    private async Task<(IQueryable<JournalEvent> Events, EventPosition? Last)> LookAsync(ListEventsRequest request, CancellationToken ct)
    {
        var events = db.Events.AsQueryable();
        if (request.CorrelationId is not null)
            events = events.Where(e => e.CorrelationId == request.CorrelationId);
        else if (request.State is EventState.Pending or EventState.Dead)
            events = events.OfState(request.State);
        if (request.Cursor is not null && TryReadCursor(request.Cursor, out var time, out var id))
            events = events.After(new(time, id));

        return request is { Type: null, Channel: null, State: null }
            or { Type: null, Channel: null, CorrelationId: null, State: not EventState.Dispatched }
            ? (events, null)
            : await events.FirstLookAsync(ct);
    }

    internal static bool TryReadCursor(string cursor, out DateTimeOffset time, out Guid id)
    {
        Span<byte> bytes = stackalloc byte[CursorBytes];
        var isCursor = Paging.TryReadCursor(cursor, bytes);
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        id = new Guid(bytes[8..], bigEndian: true);
        isCursor &= ticks >= 0 && ticks <= DateTimeOffset.MaxValue.Ticks;
        time = new(isCursor ? ticks : 0, TimeSpan.Zero);
        return isCursor;
    }

    private static string WriteCursor(EventPosition last)
    {
        Span<byte> bytes = stackalloc byte[CursorBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, last.CreatedAt.UtcTicks);
        last.Id.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }
}
