using System.Runtime.CompilerServices;
using Games.Data;
using Games.Journal;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Events;

/// <summary>Which events; what is null does not matter.</summary>
internal sealed record EventFilter(string? Type, string? Channel, Guid? CorrelationId, EventState? State);

/// <summary>The newest events, a line each: in looks through so many at a time, each as soon as it is found.</summary>
internal static class EventList
{
    public static async IAsyncEnumerable<string> FindAsync(
        GamesDbContext db, EventFilter wanted, int limit, [EnumeratorCancellation] CancellationToken ct)
    {
        var (type, channel, correlation, state) = wanted;
        var pattern = type is null ? null : EventRules.LikePattern(type);
        // Few wait or are dead, and an index has them: they are not looked for among all.
        var all = state is EventState.Dispatched ? db.Events : db.Events.OfState(state);
        if (correlation is not null)
            all = all.Where(e => e.CorrelationId == correlation);
        EventPosition? last = null;
        do
        {
            var (events, end) = await (last is null ? all : all.After(last)).FirstLookAsync(ct);
            var found = await events
                .Where(e => pattern == null || EF.Functions.Like(e.EventType, pattern, EventRules.LikeEscape))
                .Where(e => channel == null || e.Channel == channel)
                .OfState(state)
                .NewestFirst()
                .Take(limit)
                .Select(e => new { e.Id, e.CreatedAt, e.EventType, e.Channel, e.Source, e.DispatchedAt, e.DeadAt, e.LastError })
                .ToListAsync(ct);
            foreach (var e in found)
            {
                var became = Terminal.Printable(EventText.State(JournalEvent.StateOf(e.DispatchedAt, e.DeadAt), e.LastError));
                yield return EventText.Line(e.Id, e.CreatedAt, e.EventType, e.Channel, e.Source, became);
            }

            limit -= found.Count;
            last = end;
        }
        while (limit > 0 && last is not null);
    }
}
