using System.Diagnostics.Metrics;
using Games.Outbox.Database;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Outbox.Monitoring;

/// <summary>The outbox in figures, as the meter <c>Games.Outbox</c>. An instrument that nobody listens to costs a comparison.</summary>
internal sealed class OutboxMetrics<TDbContext> : IDisposable
    where TDbContext : DbContext
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Games.Outbox";

    private readonly TimeProvider _time;
    private readonly Meter? _own;
    private readonly Histogram<double> _durations;
    private readonly Histogram<int> _batches;
    private readonly Counter<long> _wakeUps;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _duplicates;

    public OutboxMetrics(OutboxBacklog<TDbContext> backlog, TimeProvider time, IServiceProvider provider)
    {
        _time = time;
        // Two contexts in one process are told apart by the tag.
        var options = new MeterOptions(Name) { Tags = [new("outbox.context", typeof(TDbContext).Name)] };
        var meter = provider.GetService<IMeterFactory>()?.Create(options) ?? (_own = new(options));

        meter.CreateObservableGauge("outbox.pending", () => Observe(backlog, x => x.Pending), "{message}",
            "Messages in the table that wait to be published, those put off or scheduled included. Exact up to 10,000, an estimate above.");
        meter.CreateObservableGauge("outbox.dead", () => Observe(backlog, x => x.Dead), "{message}",
            "Messages that the relay has given up. Exact up to 10,000, which is as far as it counts.");
        meter.CreateObservableGauge("outbox.oldest.age", () => Observe(backlog, x => x.OldestAge.TotalSeconds), "s",
            "How long the oldest message has waited that could have been published, by the database's clock.");

        _durations = meter.CreateHistogram("outbox.commit_to_publish.duration", "s",
            "From the commit to the broker's confirm. For a message that came from the table: from its insertion, or from when it was due.",
            tags: null, new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600]
            });
        _batches = meter.CreateHistogram("outbox.relay.batch.size", "{message}", "Messages taken from the table by one claim.",
            tags: null, new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] });
        _wakeUps = meter.CreateCounter<long>("outbox.wakeups", "{wakeup}", "What made the relay look: commit, notify, poll or reconnect.");
        _retries = meter.CreateCounter<long>("outbox.retries", "{message}", "Messages put off to be tried again, because the broker refused them.");
        _dropped = meter.CreateCounter<long>("outbox.dropped", "{message}",
            "Messages that left the table unsent: no queue would have got them and none need, or they had expired.");
        _duplicates = meter.CreateCounter<long>("inbox.duplicates", "{message}", "Messages that had been consumed before, and had no effect.");
    }

    /// <summary>Notes when rows were committed, for <see cref="Published" />.</summary>
    public void Committed(OutboxMessage[] rows)
    {
        WokenUp(WakeUpSource.Commit);
        if (!_durations.Enabled)
            return;

        var now = _time.GetTimestamp();
        foreach (var row in rows)
            row.PublishableSince = now;
    }

    public void Published(OutboxMessage row)
    {
        if (row.PublishableSince is { } since)
            _durations.Record(_time.GetElapsedTime(since).TotalSeconds);
    }

    public void Claimed(int rows)
    {
        if (rows > 0)
            _batches.Record(rows);
    }

    public void WokenUp(WakeUpSource source)
    {
        var name = source switch
        {
            WakeUpSource.Commit => "commit",
            WakeUpSource.Notify => "notify",
            WakeUpSource.Poll => "poll",
            _ => "reconnect"
        };
        _wakeUps.Add(1, new KeyValuePair<string, object?>("source", name));
    }

    public void Retried(int rows) => _retries.Add(rows);

    /// <summary>Counts rows that were deleted and not sent.</summary>
    public void Dropped(int withoutQueue, int expired)
    {
        if (withoutQueue > 0)
            _dropped.Add(withoutQueue, new KeyValuePair<string, object?>("reason", "no_queue"));
        if (expired > 0)
            _dropped.Add(expired, new KeyValuePair<string, object?>("reason", "expired"));
    }

    public void Repeated() => _duplicates.Add(1);

    public void Dispose() => _own?.Dispose();

    /// <summary>No figure rather than an old one: while the database does not answer, the gauges are silent.</summary>
    private static Measurement<T>[] Observe<T>(OutboxBacklog<TDbContext> backlog, Func<Backlog, T> figure)
        where T : struct =>
        backlog.Wait() is { } measured ? [new(figure(measured))] : [];
}
