using Games.Outbox.Database;
using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Monitoring;

/// <summary>What waits in the table: counts up to a bound, above it the statistics' estimate.</summary>
internal sealed record Backlog(long Pending, long Dead, TimeSpan OldestAge);

/// <summary>
/// Measures the table when somebody asks, and at most once every <see cref="OutboxOptions.MeasureInterval" />, however many ask: gauges and
/// the health check share one statement, and while nobody asks none is sent.
/// </summary>
internal sealed class OutboxBacklog<TDbContext>(OutboxDatabase<TDbContext> database, OutboxSettings<TDbContext> settings, TimeProvider time)
    where TDbContext : DbContext
{
    /// <summary>How far the rows are counted exactly.</summary>
    public const long CountLimit = 10_000;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private Task<Backlog>? _measurement;
    private long _started;
    private string? _sql;

    /// <summary>The last measurement, a new one if that is old.</summary>
    public Task<Backlog> MeasureAsync()
    {
        lock (_lock)
        {
            // One that hangs is not joined by a second.
            if (_measurement is null || _measurement.IsCompleted && time.GetElapsedTime(_started) >= settings.Value.MeasureInterval)
            {
                _started = time.GetTimestamp();
                _measurement = Task.Run(CountAsync);
            }

            return _measurement;
        }
    }

    /// <summary>
    /// The same for a gauge, whose caller cannot await: waits until the measurement is two seconds old at most, so that a database that
    /// does not answer delays a collection of metrics once and not for each gauge. Null if there is no answer.
    /// </summary>
    public Backlog? Wait()
    {
        var measurement = MeasureAsync();
        var left = LongestWait - time.GetElapsedTime(_started);

        try
        {
            return measurement.Wait(left > TimeSpan.Zero ? left : TimeSpan.Zero) ? measurement.Result : null;
        }
        catch (AggregateException)
        {
            return null;
        }
    }

    /// <summary>
    /// Each count walks its index and stops at the bound, by ORDER BY whatever the statistics say: 16 million rows cost as much as
    /// 10,000. Beyond the bound stands what the last vacuum counted in the whole table.
    /// </summary>
    public static string Measure(OutboxTable t)
    {
        var (outbox, sequence, created) = (t.Name, t.SequenceNumber, t.Created);
        var (next, relayed, enqueue) = (t.NextAttempt, t.Relayed, t.EnqueueTime);
        var since = Sql.Finite($"GREATEST({created}, {enqueue})");

        return $"""
            SELECT CASE WHEN ready + later <= $1 THEN ready + later ELSE GREATEST(ready + later, rows - dead) END, dead, age
            FROM (SELECT
                (SELECT count(*) FROM (SELECT FROM {outbox} WHERE {next} IS NULL ORDER BY {sequence} LIMIT $1 + 1) r) AS ready,
                (SELECT count(*) FROM (SELECT FROM {outbox} WHERE {next} < 'infinity' AND {relayed} IS NULL ORDER BY {next} LIMIT $1 + 1) l) AS later,
                (SELECT count(*) FROM (SELECT FROM {outbox} WHERE {next} = 'infinity' AND {relayed} IS NULL ORDER BY {next} LIMIT $1) d) AS dead,
                (SELECT reltuples::bigint FROM pg_class WHERE oid = {t.Oid}) AS rows,
                EXTRACT(EPOCH FROM clock_timestamp() - LEAST(
                    (SELECT {since} FROM {outbox} WHERE {next} IS NULL ORDER BY {sequence} LIMIT 1),
                    (SELECT min({since})
                     FROM (SELECT {created}, {enqueue} FROM {outbox}
                           WHERE {next} < 'infinity' AND {relayed} IS NULL ORDER BY {next} LIMIT $1) l)))::float8 AS age) m
            """;
    }

    private Task<Backlog> CountAsync() => database.ExecuteAsync(async (connection, table) =>
    {
        await using var command = database.Command(connection, _sql ??= Measure(table), Sql.Value(CountLimit));
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();

        return new Backlog(reader.GetInt64(0), reader.GetInt64(1), TimeSpan.FromSeconds(reader.IsDBNull(2) ? 0 : Math.Max(reader.GetDouble(2), 0)));
    }, CancellationToken.None);
}
