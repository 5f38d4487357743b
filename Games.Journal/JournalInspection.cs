using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Journal;

/// <summary>
/// Looks into the journal for a person: what was published lately, what waits, what is dead. Reads only; ages are by the database's clock.
/// </summary>
public sealed class JournalInspection(GamesDbContext db)
{
    /// <summary>Counting stops one row after this many, so that a glance at a backlog of millions costs no scan of it.</summary>
    public const int CountLimit = 10_000;

    /// <summary>The purpose of the connections that listen for events, as pg_stat_activity shows it behind the name of the service.</summary>
    public const string ListenerPurpose = JournalListener.Purpose;

    private const int ErrorLength = 300;

    private const string OldestPending = $$"""
        SELECT id AS "Id", extract(epoch FROM clock_timestamp() - created_at)::float8 AS "AgeSeconds", attempts AS "Attempts",
            (SELECT count(*) FROM (SELECT FROM events WHERE {{JournalStore.IsPending}} LIMIT {0}) AS counted) AS "Count"
        FROM events WHERE {{JournalStore.IsPending}} ORDER BY number LIMIT 1
        """;

    /// <summary>The events created within the last hour by their type, the most frequent types first.</summary>
    /// <param name="types">Types at most.</param>
    /// <param name="ct">Ends the wait for the database.</param>
    public Task<List<EventTypeCount>> LastHourAsync(int types, CancellationToken ct = default) => db.Database.SqlQuery<EventTypeCount>($"""
        SELECT event_type AS "EventType", count(dispatched_at) AS "Dispatched", count(dead_at) AS "Dead",
            count(*) - count(dispatched_at) - count(dead_at) AS "Pending"
        FROM events WHERE created_at > clock_timestamp() - interval '1 hour' GROUP BY event_type ORDER BY count(*) DESC, event_type LIMIT {types}
        """).ToListAsync(ct);

    /// <summary>The first event that waits to be dispatched, and how many wait; null if none does.</summary>
    public async Task<OldestPendingEvent?> OldestPendingAsync(CancellationToken ct = default) =>
        await db.Database.SqlQueryRaw<OldestPendingEvent>(OldestPending, CountLimit + 1).ToListAsync(ct) is [var oldest] ? oldest : null;

    /// <summary>The event that was given up last, and how many were; null if none was.</summary>
    public async Task<NewestDeadEvent?> NewestDeadAsync(CancellationToken ct = default)
    {
        var found = await db.Database.SqlQuery<NewestDeadEvent>($"""
            SELECT id AS "Id", left(last_error, {ErrorLength}) AS "Error",
                (SELECT count(*) FROM (SELECT FROM events WHERE dead_at IS NOT NULL LIMIT {CountLimit + 1}) AS counted) AS "Count"
            FROM events WHERE dead_at IS NOT NULL ORDER BY dead_at DESC LIMIT 1
            """).ToListAsync(ct);

        return found is [var newest] ? newest : null;
    }
}

/// <summary>What became of the events of one type.</summary>
public sealed record EventTypeCount(string EventType, long Dispatched, long Pending, long Dead);

/// <summary>The event that has waited for longest, how often its dispatch failed, and how many events wait.</summary>
public sealed record OldestPendingEvent(Guid Id, double AgeSeconds, int Attempts, long Count);

/// <summary>The event that was given up last, why, and how many were given up.</summary>
public sealed record NewestDeadEvent(Guid Id, string Error, long Count);
