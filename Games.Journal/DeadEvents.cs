using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Journal;

/// <summary>
/// Decides for a person what becomes of events that were given up. Needs the database only; both calls throw what Npgsql throws when it is away.
/// </summary>
public sealed class DeadEvents(GamesDbContext db)
{
    /// <summary>Lets a dead event, or all of them, be dispatched at once with no attempts counted; how many. Dispatchers are told.</summary>
    /// <param name="id">Only this one; null for all.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<int> RetryAsync(Guid? id, CancellationToken ct = default)
    {
        var retried = await Find(id).ExecuteUpdateAsync(
            row => row
                .SetProperty(e => e.DeadAt, (DateTimeOffset?)null)
                .SetProperty(e => e.LastError, (string?)null)
                .SetProperty(e => e.Attempts, 0),
            ct);
        if (retried > 0)
            await db.Database.ExecuteSqlAsync($"SELECT pg_notify({JournalListener.Channel}, '')", ct);
        return retried;
    }

    /// <summary>Deletes a dead event; false if there is no such one, or it is not dead.</summary>
    public async Task<bool> DiscardAsync(Guid id, CancellationToken ct = default) => await Find(id).ExecuteDeleteAsync(ct) == 1;

    private IQueryable<JournalEvent> Find(Guid? id) => db.Events.Where(e => e.DeadAt != null && (id == null || e.Id == id));
}
