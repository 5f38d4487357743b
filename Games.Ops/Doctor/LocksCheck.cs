using System.Runtime.CompilerServices;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Doctor;

/// <summary>
/// Sessions that others wait for, and those that have left a transaction open: a psql that somebody forgot, or a long change of a table. What
/// waits for them is cancelled and tried again, so it is late and names no cause.
/// </summary>
internal sealed class LocksCheck(GamesDbContext db) : ICheck
{
    private const int MostIdleSeconds = 5;
    private const int MostWaitedSeconds = 2;
    private const int MostShown = 5;

    public string Subject => "locks";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        // Of another login's session PostgreSQL shows neither state nor times to whoever may not read all statistics.
        var holders = await db.Database.SqlQuery<Holder>($"""
            SELECT holder.pid AS "ProcessId", coalesce(nullif(holder.application_name, ''), 'a session') AS "Name", holder.usename::text AS "Role",
                holder.state AS "State", tables.names AS "Tables", others.waiting AS "Waiting",
                extract(epoch FROM clock_timestamp() - holder.xact_start)::float8 AS "Seconds"
            FROM pg_stat_activity AS holder CROSS JOIN LATERAL (
                SELECT count(*) AS waiting FROM pg_stat_activity
                WHERE wait_event_type = 'Lock' AND clock_timestamp() - state_change > make_interval(secs => {MostWaitedSeconds})
                    AND holder.pid = ANY (pg_blocking_pids(pid))) AS others
            CROSS JOIN LATERAL (
                SELECT string_agg(DISTINCT relation::regclass::text, ', ') AS names FROM pg_locks JOIN pg_class ON oid = relation AND relkind = 'r'
                WHERE pid = holder.pid AND granted AND mode <> 'AccessShareLock' AND relnamespace <> 'pg_catalog'::regnamespace) AS tables
            WHERE holder.datname = current_database() AND holder.wait_event_type IS DISTINCT FROM 'Lock' AND (others.waiting > 0
                OR holder.state LIKE 'idle in transaction%' AND clock_timestamp() - holder.state_change > make_interval(secs => {MostIdleSeconds}))
            ORDER BY others.waiting DESC, holder.xact_start LIMIT {MostShown}
            """).ToListAsync(ct);
        if (holders is [])
            yield return Finding.Ok(Subject, "no session holds up another, and none has left its transaction open");

        foreach (var holder in holders)
        {
            yield return Finding.Wrong(
                Subject, $"{holder.Name} (backend {holder.ProcessId} of {holder.Role}) {holder.Does}",
                $"end its transaction there, or in psql, with all that it has not committed: SELECT pg_terminate_backend({holder.ProcessId})");
        }
    }

    private sealed record Holder(int ProcessId, string Name, string? Role, string? State, string? Tables, double? Seconds, long Waiting)
    {
        private string Transaction =>
            $"its transaction, {(Seconds is { } s ? $"open for {s:F0} s" : "of which this login sees no more")}"
            + (Tables is null ? "" : $", with locks on {Tables}");

        public string Does =>
            (Waiting, State?.StartsWith("idle", StringComparison.Ordinal) is true) switch
            {
                (0, _) => $"has left {Transaction}",
                (_, true) => $"holds up {Quantity.Of(Waiting, "session")} and does nothing in {Transaction}",
                _ => $"holds up {Quantity.Of(Waiting, "session")} by {Transaction}",
            };
    }
}
