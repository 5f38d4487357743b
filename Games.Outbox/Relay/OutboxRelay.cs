using System.Threading.Channels;
using Games.Outbox.Database;
using Games.Outbox.Monitoring;
using Games.Outbox.Outages;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Relay;

/// <summary>
/// Moves committed messages to the broker. Rows come to it on two ways: from memory, handed over by the commit that inserted them, and
/// from the table, claimed in batches (what was left behind by a dead process, a full hand-over, an outage, or another's transaction).
/// Both ways publish concurrently within one window, and one writer deletes what is confirmed in sets. No transaction is open while the
/// relay waits for the broker. At least once: a row is deleted only after its confirm, so a crash in between publishes it again, and the
/// consumers' inbox makes that harmless.
/// </summary>
internal sealed partial class OutboxRelay<TDbContext> : BackgroundService
    where TDbContext : DbContext
{
    private readonly Channel<OutboxMessage[]> _handovers = Channel.CreateUnbounded<OutboxMessage[]>(new() { SingleReader = true });
    private readonly WakeUp _wakeUp = new();
    private readonly RelayStore<TDbContext> _store;
    private readonly OutboxOptions _options;
    private readonly Notifications<TDbContext> _notifications;
    private readonly OutboxMetrics<TDbContext> _metrics;
    private readonly Heartbeat<TDbContext> _heartbeat;
    private readonly DatabaseOutage _databaseOutage;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LeasedRows _leased;
    private readonly OutcomeWriter<TDbContext> _outcomes;
    private readonly TableReader<TDbContext> _table;
    private readonly BrokerCircuit<TDbContext> _circuit;
    private readonly PublishWindow<TDbContext> _window;
    private readonly LeaseRenewal<TDbContext> _renewal;

    public OutboxRelay(
        RelayStore<TDbContext> store, OutboxSettings<TDbContext> settings, IBusControl bus, Notifications<TDbContext> notifications,
        OutboxMetrics<TDbContext> metrics, Heartbeat<TDbContext> heartbeat, DatabaseOutage databaseOutage, BrokerOutage brokerOutage,
        TimeProvider time, ILoggerFactory loggers)
    {
        (_store, _options, _notifications, _metrics) = (store, settings.Value, notifications, metrics);
        var logger = loggers.CreateLogger<OutboxRelay<TDbContext>>();
        (_heartbeat, _databaseOutage, _time, _logger) = (heartbeat, databaseOutage, time, logger);

        var publisher = new OutboxPublisher<TDbContext>(bus, _options, metrics, time, loggers);
        _leased = new(time, _options.Lease);
        _outcomes = new(store, _options, _leased, _wakeUp, metrics, heartbeat, databaseOutage, time, logger);
        _table = new(store, _options, _leased, _outcomes, _wakeUp, notifications, metrics, heartbeat, databaseOutage, time, logger);
        _circuit = new(_options, publisher, _table, _outcomes, _leased, heartbeat, databaseOutage, brokerOutage, time, logger);
        _window = new(store, _options, publisher, _circuit, _outcomes, _leased, _wakeUp, time);
        _renewal = new(store, _options, _leased, databaseOutage, time, logger);
    }

    private TimeSpan LongestLook =>
        _options.PollInterval > _options.KeepAliveInterval ? _options.PollInterval : _options.KeepAliveInterval;

    /// <summary>The LockId of rows that are handed over.</summary>
    public Guid Owner => _store.Owner;

    /// <summary>
    /// Whether rows may be handed over: the relay runs and is not paused, the broker is there and the memory set aside for it is not full.
    /// </summary>
    public bool Accepts =>
        _circuit.IsClosed && !_store.IsPaused && !_outcomes.AreRefused && _leased.Count < _options.HandoffLimit && _leased.Size < _options.ByteLimit;

    /// <summary>Says that rows were committed and not handed over. Others are notified only if this relay may not get to them soon.</summary>
    public void RowsCommitted()
    {
        Wake(WakeUpSource.Commit);
        if (!Accepts)
            _notifications.Notify();
    }

    /// <summary>Says that a row was committed that is to leave later. One that is not due before the next look is found by that.</summary>
    public void ScheduledCommitted(DateTime due)
    {
        if (due - _time.GetUtcNow().UtcDateTime < 2 * LongestLook)
            RowsCommitted();
    }

    /// <summary>Takes over rows that were just committed as leased to <see cref="Owner" />. They leave one after the other.</summary>
    public void HandOver(OutboxMessage[] rows)
    {
        _metrics.Committed(rows);
        _leased.Add(rows);
        _handovers.Writer.TryWrite(rows);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stop = stoppingToken.Register(_circuit.Stop);
        var completions = Task.Run(() => _outcomes.RunAsync(stoppingToken), CancellationToken.None);
        Task[] loops =
        [
            Task.Run(() => RelayHandoversAsync(stoppingToken), CancellationToken.None),
            Task.Run(() => RelayTableAsync(stoppingToken), CancellationToken.None),
            Task.Run(() => _renewal.RunAsync(stoppingToken), CancellationToken.None),
            .. _options.Notifications ? [Task.Run(() => _notifications.RunAsync(Wake, stoppingToken), CancellationToken.None)] : Array.Empty<Task>()
        ];

        // None ends before it is told to, except by a bug: then the host has to hear of it.
        await await Task.WhenAny([.. loops, completions]);
        await Task.WhenAll(loops);

        while (_handovers.Reader.TryRead(out var rows))
            _outcomes.Withhold(rows);
        // Those that do not end are left to their lease: the broker may yet take them.
        if (!await _window.WaitUntilEmptyAsync())
            LogLeft(_leased.Count);
        _outcomes.Complete();
        await completions;
    }

    private async Task RelayHandoversAsync(CancellationToken ct)
    {
        try
        {
            await foreach (var rows in _handovers.Reader.ReadAllAsync(ct))
                await _window.StartAsync(rows, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
        }
    }

    private async Task RelayTableAsync(CancellationToken ct)
    {
        var failures = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

        _heartbeat.Beat();

        try
        {
            while (!ct.IsCancellationRequested)
            {
                try
                {
                    if (_outcomes.AreRefused)
                        await Task.Delay(failures.Next(), _time, ct);
                    else if (!_circuit.IsClosed && !await _circuit.TryCloseAsync(ct))
                        await Task.Delay(failures.Next(), _time, ct);
                    else if (await RelayBatchAsync(ct) is var claimed && claimed < _options.ClaimLimit)
                        await _table.RestAsync(claimed, ct);

                    // Not after a failure: a loop that only fails does not live.
                    _heartbeat.Beat();
                    if (_circuit.IsClosed)
                        failures.Reset();
                }
                catch (Exception exception) when (!ct.IsCancellationRequested)
                {
                    var pause = failures.Next();
                    if (_store.WhatIsMissing(exception) is { } missing)
                        LogMissing(missing, pause.TotalSeconds);
                    else if (!_databaseOutage.Met(exception, _heartbeat))
                        LogDatabaseFailed(pause.TotalSeconds, exception.InWords());
                    await Task.Delay(pause, _time, ct);
                }
            }
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            // Told to stop, and the database may be stopping too: whatever was under way is still in the table.
        }

        _heartbeat.Stop();
    }

    /// <summary>Claims and starts one batch; the number of rows claimed.</summary>
    private async Task<int> RelayBatchAsync(CancellationToken ct)
    {
        var rows = await _table.ClaimAsync(_options.ClaimLimit);
        var groups = new Queue<OutboxMessage[]>(rows.GroupBy(x => x.OrderingKey ?? x.SequenceNumber.ToString()).Select(x => x.ToArray()));

        try
        {
            while (groups.TryDequeue(out var group))
                await _window.StartAsync(group, ct);
        }
        finally
        {
            // Told to stop in between: the rest goes back at once.
            foreach (var group in groups)
                _outcomes.Withhold(group);
        }

        return rows.Count;
    }

    /// <summary>Level-triggered: a wake-up during a pass causes another pass.</summary>
    private void Wake(WakeUpSource source)
    {
        _metrics.WokenUp(source);
        _wakeUp.Set();
    }

    [LoggerMessage(LogLevel.Warning, "Outbox: the table cannot be read, next try in {Pause:F1} s: {Reason}")]
    private partial void LogDatabaseFailed(double pause, string reason);

    [LoggerMessage(LogLevel.Error, "Outbox: {Reason}; next look in {Pause:F1} s")]
    private partial void LogMissing(string reason, double pause);

    [LoggerMessage(LogLevel.Warning, "Outbox: stopped while {Count} message(s) waited for their confirm; another process takes them after the lease")]
    private partial void LogLeft(int count);
}
