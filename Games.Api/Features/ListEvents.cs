using System.Buffers.Binary;
using System.Buffers.Text;
using FastEndpoints;
using FluentValidation;
using Games.Data;

namespace Games.Api.Features;

internal enum EventState { Pending, Dispatched, Dead }

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
    Guid Id, string EventType, string Channel, DateTimeOffset CreatedAt, Guid? CorrelationId, string Source, DateTimeOffset? DispatchedAt,
    int Attempts, DateTimeOffset? NextAttemptAt, string? LastError, DateTimeOffset? DeadAt);

internal sealed class ListEventsValidator : Validator<ListEventsRequest>
{
    public ListEventsValidator()
    {
        RuleFor(page => page.Type).Storable();
        RuleFor(page => page.Channel).Storable();
        this.RuleForPages(cursor => ListEvents.TryReadCursor(cursor, out _, out _));
    }
}

/// <summary>Newest first, without payloads. The cursor is when the last event of the page before was created, and its id.</summary>
internal sealed class ListEvents(GamesDbContext db) : Endpoint<ListEventsRequest, Page<ListedEvent>>
{
    private const int CursorBytes = 24;

    public override void Configure()
    {
        Get("/events");
        Policies(Scope.EventsRead);
        Tags("Events");
        Summary(list => list.Summary = "Lists events without their payloads, newest first, page by page");
    }

    public override async Task HandleAsync(ListEventsRequest request, CancellationToken ct)
    {
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
        if (request.Cursor is not null && TryReadCursor(request.Cursor, out var time, out var id))
            events = events.Where(e => e.CreatedAt < time || (e.CreatedAt == time && e.Id < id));

        var page = await events
            .OrderByDescending(e => e.CreatedAt).ThenByDescending(e => e.Id)
            .Select(e => new ListedEvent(
                e.Id, e.EventType, e.Channel, e.CreatedAt, e.CorrelationId, e.Source, e.DispatchedAt,
                e.Attempts, e.NextAttemptAt, e.LastError, e.DeadAt))
            .ToPageAsync(request, WriteCursor, ct);
        await Send.OkAsync(page, ct);
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

    private static string WriteCursor(ListedEvent last)
    {
        Span<byte> bytes = stackalloc byte[CursorBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, last.CreatedAt.UtcTicks);
        last.Id.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }
}
