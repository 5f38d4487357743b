using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Monitoring;

/// <summary>The relay's loop tells when it will be back, and the health check sees when it is late. Time is the process's own, monotonic.</summary>
internal sealed class Heartbeat<TDbContext>(TimeProvider time)
    where TDbContext : DbContext
{
    private const long Stopped = long.MaxValue;

    private long _expected = Stopped;
    private string? _refusal;

    /// <summary>How long the loop has been late; null while it does not run.</summary>
    public TimeSpan? Overdue
    {
        get
        {
            var expected = Interlocked.Read(ref _expected);
            if (expected == Stopped)
                return null;

            var overdue = time.GetElapsedTime(expected);

            return overdue > TimeSpan.Zero ? overdue : TimeSpan.Zero;
        }
    }

    /// <summary>Why the database will not delete what was published, so that the relay publishes nothing; null if it does.</summary>
    public string? Refusal
    {
        get => Volatile.Read(ref _refusal);
        set => Volatile.Write(ref _refusal, value);
    }

    /// <summary>The loop is alive and will be back after this time.</summary>
    public void Beat(TimeSpan rest = default) =>
        Interlocked.Exchange(ref _expected, time.GetTimestamp() + (long)(rest.TotalSeconds * time.TimestampFrequency));

    /// <summary>The loop has ended as it should.</summary>
    public void Stop() => Interlocked.Exchange(ref _expected, Stopped);
}
