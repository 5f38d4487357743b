using Games.Outbox.Relay;
using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Monitoring;

/// <summary>What lies in the table: counts up to a bound, above it the statistics' estimate.</summary>
internal sealed record Backlog(long Pending, long Dead, TimeSpan OldestAge);

/// <summary>
/// Measures the table when somebody asks, and at most once every <see cref="OutboxOptions.MeasureInterval" />, however many ask: gauges and
/// the health check share one statement, and nobody asking costs nothing.
/// </summary>
internal sealed class OutboxBacklog<TDbContext>(OutboxStore<TDbContext> store, OutboxSettings<TDbContext> settings, TimeProvider time)
    where TDbContext : DbContext
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private Task<Backlog>? _measurement;
    private long _started;

    /// <summary>The last measurement, a new one if that is old.</summary>
    public Task<Backlog> MeasureAsync()
    {
        lock (_lock)
        {
            // One that hangs is not joined by a second.
            if (_measurement is null || _measurement.IsCompleted && time.GetElapsedTime(_started) >= settings.Value.MeasureInterval)
            {
                _started = time.GetTimestamp();
                _measurement = Task.Run(() => store.MeasureAsync(CancellationToken.None));
            }

            return _measurement;
        }
    }

    /// <summary>
    /// The same for a gauge, whose caller cannot await: waits until the measurement is two seconds old at most, so that a database that
    /// does not answer holds up a collection of metrics once and not for each gauge. Null if there is no answer.
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
}
