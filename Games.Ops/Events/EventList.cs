using System.Runtime.CompilerServices;
using Games.Data;
using Games.Journal;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Events;

/// <summary>The newest events, a line each: in looks through so many at a time, each as soon as it is found.</summary>
internal static class EventList
{
    public static async IAsyncEnumerable<string> FindAsync(
        GamesDbContext db, string? type, string? channel, int limit, [EnumeratorCancellation] CancellationToken ct)
    {
        var pattern = type is null ? null : EventRules.LikePattern(type);
        EventPosition? last = null;
        do
        {
            var (events, end) = await (last is null ? db.Events : db.Events.After(last)).FirstLookAsync(ct);
            var found = await events
                .Where(e => pattern == null || EF.Functions.Like(e.EventType, pattern, EventRules.LikeEscape))
                .Where(e => channel == null || e.Channel == channel)
                .NewestFirst()
                .Take(limit)
                .Select(e => new { e.Id, e.CreatedAt, e.EventType, e.Channel, e.Source, e.DispatchedAt, e.DeadAt, e.LastError })
                .ToListAsync(ct);
            foreach (var e in found)
            {
                var state = Terminal.Printable(EventText.State(JournalEvent.StateOf(e.DispatchedAt, e.DeadAt), e.LastError));
                yield return EventText.Line(e.Id, e.CreatedAt, e.EventType, e.Channel, e.Source, state);
            }

            limit -= found.Count;
            last = end;
        }
        while (limit > 0 && last is not null);
    }
}
