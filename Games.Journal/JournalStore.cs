using Games.Data;
using Games.Outbox.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Games.Journal;

/// <summary>The dispatcher's statements, in the transaction of its context. Time is the database's.</summary>
internal sealed class JournalStore(JournalOptions options)
{
    public const string IsPending = "dispatched_at IS NULL AND dead_at IS NULL";

    // Infinity cannot be compared with a clock, and no timer runs for years: a table from before the rule may hold either.
    private const string Bound = """
        least(greatest(coalesce(next_attempt_at, created_at), clock_timestamp() - interval '1 day'), clock_timestamp() + interval '1 day')
        """;

    /// <summary>How long until an event may be dispatched; negative or zero if one may now, null if none waits.</summary>
    public const string Peek = $"""
        SELECT extract(epoch FROM min({Bound}) - clock_timestamp())::float8 FROM (
            (SELECT next_attempt_at, created_at FROM events WHERE {IsPending} AND next_attempt_at IS NULL ORDER BY number LIMIT 1)
            UNION ALL
            (SELECT next_attempt_at, created_at FROM events WHERE {IsPending} AND next_attempt_at IS NOT NULL ORDER BY next_attempt_at LIMIT 1)
        ) AS waiting
        """;

    private const string NextRetry = $"""
        SELECT extract(epoch FROM min({Bound}) - clock_timestamp())::float8 FROM events WHERE {IsPending} AND next_attempt_at IS NOT NULL
        """;

    /// <summary>
    /// Locks what is due and not locked by another dispatcher, and reads as much of it as the memory set aside allows; the rest is free again after
    /// the commit. Of one correlation nothing overtakes what is before it: another dispatcher may have that locked, or it waits for its next attempt.
    /// </summary>
    private const string Claim = $"""
        WITH due AS MATERIALIZED (
            SELECT id, number, coalesce(payload_bytes, octet_length(payload::text)) AS size FROM events
            WHERE {IsPending} AND (next_attempt_at IS NULL OR next_attempt_at <= clock_timestamp()) AND ($1::uuid IS NULL OR id = $1)
                AND NOT EXISTS (
                    SELECT FROM events AS head
                    WHERE head.dispatched_at IS NULL AND head.dead_at IS NULL AND head.correlation_id = events.correlation_id
                        AND head.number < events.number AND head.next_attempt_at > clock_timestamp())
            ORDER BY number LIMIT $2 FOR UPDATE SKIP LOCKED
        ), sized AS (
            SELECT *, sum(size) OVER (ORDER BY number) - size AS before FROM due
        )
        SELECT id, event_type, channel, payload::text, created_at, correlation_id, source, attempts, (SELECT count(*) FROM due)
        FROM sized JOIN events USING (id, number)
        WHERE before < $3 AND NOT EXISTS (
            SELECT FROM events AS earlier
            WHERE earlier.dispatched_at IS NULL AND earlier.dead_at IS NULL
                AND earlier.correlation_id = events.correlation_id AND earlier.number < events.number
                AND NOT EXISTS (SELECT FROM due WHERE due.id = earlier.id))
        ORDER BY number
        """;

    // The correlation is fenced by the row's lock: nobody else has changed what this transaction has locked.
    private const string Write = """
        WITH dispatched AS (
            UPDATE events SET dispatched_at = clock_timestamp(), next_attempt_at = NULL WHERE id = ANY($1)
        )
        UPDATE events SET attempts = attempts + 1, last_error = failed.error, next_attempt_at = clock_timestamp() + failed.delay,
            dead_at = CASE WHEN failed.delay IS NULL THEN clock_timestamp() END
        FROM unnest($2::uuid[], $3::text[], $4::interval[]) AS failed (id, error, delay) WHERE events.id = failed.id
        """;

    private const string CleanUp = $"""
        DELETE FROM events WHERE id IN (
            SELECT id FROM events WHERE created_at < clock_timestamp() - $1 AND NOT ({IsPending})
            ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        """;

    /// <summary>Takes what is due, or only the one with this id, and says how many rows that was before what had to be left out.</summary>
    public async Task<(List<PendingEvent> Events, long Due)> ClaimAsync(GamesDbContext db, Guid? only, CancellationToken ct)
    {
        await using var command = Command(db, Claim,
            new() { Value = (object?)only ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
            new() { Value = options.BatchLimit },
            new() { Value = (long)options.BatchBytes });
        var events = new List<PendingEvent>();
        var due = 0L;

        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            events.Add(new(
                reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetFieldValue<DateTimeOffset>(4),
                reader.IsDBNull(5) ? null : reader.GetGuid(5), reader.GetString(6), reader.GetInt32(7)));
            due = reader.GetInt64(8);
        }

        return (events, due);
    }

    /// <summary>How long until the first event that failed may be tried again; negative or zero if it may now, null if none waits.</summary>
    public async Task<TimeSpan?> NextRetryAsync(GamesDbContext db, CancellationToken ct)
    {
        await using var command = Command(db, NextRetry);
        return Remaining(await command.ExecuteScalarAsync(ct));
    }

    /// <summary>From seconds up to the next millisecond: a timer that ends before it would find nothing due.</summary>
    public static TimeSpan? Remaining(object? seconds) => seconds is double x ? TimeSpan.FromMilliseconds(Math.Ceiling(x * 1000)) : null;

    /// <summary>Writes down what became of claimed events.</summary>
    public async Task WriteAsync(GamesDbContext db, Guid[] dispatched, IReadOnlyCollection<EventFailure> failures, CancellationToken ct)
    {
        await using var command = Command(db, Write,
            new() { Value = dispatched },
            new() { Value = failures.Select(x => x.Event.Id).ToArray() },
            new() { Value = failures.Select(x => ErrorText.Storable(x.Error)).ToArray() },
            new() { Value = failures.Select(x => x.Delay).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Interval });

        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Deletes events that are older than the retention and wait for nothing; how many.</summary>
    public Task<int> CleanUpAsync(GamesDbContext db, CancellationToken ct) => db.Database.ExecuteSqlRawAsync(
        CleanUp.Replace("$1", "{0}").Replace("$2", "{1}"), [options.Retention, options.CleanUpLimit], ct);

    private NpgsqlCommand Command(GamesDbContext db, string sql, params NpgsqlParameter[] parameters)
    {
        var transaction = (NpgsqlTransaction)db.Database.CurrentTransaction!.GetDbTransaction();
        var command = new NpgsqlCommand(sql, transaction.Connection, transaction)
        {
            CommandTimeout = (int)options.StatementTimeout.TotalSeconds,
        };
        command.Parameters.AddRange(parameters);
        return command;
    }
}
