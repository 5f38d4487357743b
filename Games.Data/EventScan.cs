using Microsoft.EntityFrameworkCore;

namespace Games.Data;

/// <summary>Where a list of events stands, newest first.</summary>
public sealed record EventPosition(DateTimeOffset CreatedAt, Guid Id);

/// <summary>
/// Lists of the journal that no index serves: a rare type may lie behind millions of others. One look goes through so many events, whatever it
/// finds, and the next goes on from there.
/// </summary>
public static class EventScan
{
    /// <summary>Events that one look goes through.</summary>
    public const int Limit = 10_000;

    public static IOrderedQueryable<JournalEvent> NewestFirst(this IQueryable<JournalEvent> events) =>
        events.OrderByDescending(e => e.CreatedAt).ThenByDescending(e => e.Id);

    /// <summary>Those in this state; null for all. Pending and dead ones have an index each in the order of a list.</summary>
    public static IQueryable<JournalEvent> OfState(this IQueryable<JournalEvent> events, EventState? state) => state switch
    {
        EventState.Pending => events.Where(e => e.DispatchedAt == null && e.DeadAt == null),
        EventState.Dispatched => events.Where(e => e.DispatchedAt != null),
        EventState.Dead => events.Where(e => e.DeadAt != null),
        _ => events,
    };

    // A comparison of rows, because an index by both does not serve "before, or at the same time and".
    public static IQueryable<JournalEvent> After(this IQueryable<JournalEvent> events, EventPosition last) => events.Where(e =>
        EF.Functions.LessThan(ValueTuple.Create(e.CreatedAt, e.Id), ValueTuple.Create(last.CreatedAt, last.Id)));

    /// <summary>
    /// The newest of these, up to the limit, and the last of them; null for that if there are no more. Found before they are read: what is
    /// inserted or deleted meanwhile does not move it.
    /// </summary>
    /// <param name="events">What an index has in its order, with no other condition.</param>
    /// <param name="ct">Ends the query.</param>
    public static async Task<(IQueryable<JournalEvent> Events, EventPosition? Last)> FirstLookAsync(
        this IQueryable<JournalEvent> events, CancellationToken ct)
    {
        var last = await events.NewestFirst().Skip(Limit - 1).Select(e => new EventPosition(e.CreatedAt, e.Id)).FirstOrDefaultAsync(ct);
        return last is null
            ? (events, null)
            : (events.Where(e => EF.Functions.GreaterThanOrEqual(
                ValueTuple.Create(e.CreatedAt, e.Id), ValueTuple.Create(last.CreatedAt, last.Id))), last);
    }
}
