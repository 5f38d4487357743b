using System.Threading.Channels;
using Games.Outbox.Capture;
using Games.Outbox.Monitoring;
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
/// broker is waited for. At least once: a row is deleted only after its confirm, so a crash in between publishes it again, and the
/// consumers' inbox makes that harmless.
/// </summary>
internal sealed partial class OutboxRelay<TDbContext>(
    OutboxStore<TDbContext> store, OutboxSettings<TDbContext> settings, IBusControl bus, Notifications<TDbContext> notifications,
    OutboxMetrics<TDbContext> metrics, TimeProvider time, ILogger<OutboxRelay<TDbContext>> logger)
    : BackgroundService
    where TDbContext : DbContext
{
    /// <summary>Shortest time between two looks at the table while relaying is paused.</summary>
    private static readonly TimeSpan PausedLook = TimeSpan.FromMilliseconds(250);

    private readonly OutboxOptions _options = settings.Value;
    private readonly OutboxPublisher _publisher = new(bus, settings.Value, time);
    private readonly Channel<OutboxMessage[]> _handovers = Channel.CreateUnbounded<OutboxMessage[]>(new() { SingleReader = true });
    private readonly HeldRows _held = new(time, settings.Value.Lease);
    private readonly SemaphoreSlim _window = new(settings.Value.PublishLimit);
    private readonly WakeUp _wakeUp = new();
    private readonly Heartbeat _heart = new(time);
    private OutcomeWriter<TDbContext>? _outcomes;
    private volatile bool _flows;
    private volatile int _opening;

    /// <summary>Who holds the rows that are handed over.</summary>
    public Guid Owner => store.Owner;

    /// <summary>Whether rows may be handed over: the relay runs and is not paused, the broker is there and the memory set aside for it is not full.</summary>
    public bool Accepts => _flows && !store.IsPaused && _held.Count < _options.HandoffLimit;

    /// <summary>How long the loop over the table is late with its pass; null while it does not run.</summary>
    public TimeSpan? Overdue => _heart.Overdue;

    /// <summary>Says that rows were committed and not handed over. Others are told only if this relay may not get to them soon.</summary>
    public void RowsCommitted()
    {
        Wake(WakeUpSource.Commit);
        if (!Accepts)
            notifications.Notify();
    }

    /// <summary>Takes over rows that were just committed as held by <see cref="Owner" />. They leave one after the other.</summary>
    public void HandOver(OutboxMessage[] rows)
    {
        metrics.Committed(rows);
        _held.Add(rows);
        _handovers.Writer.TryWrite(rows);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stop = stoppingToken.Register(() => _flows = false);
        _outcomes = new(store, _options, _held, _wakeUp, metrics, time, logger);
        var completions = Task.Run(() => _outcomes.RunAsync(stoppingToken), CancellationToken.None);
        Task[] loops =
        [
            Task.Run(() => RelayHandoversAsync(stoppingToken), CancellationToken.None),
            Task.Run(() => RelayTableAsync(stoppingToken), CancellationToken.None),
            Task.Run(() => RenewAsync(stoppingToken), CancellationToken.None),
            .. _options.Notifications ? [Task.Run(() => notifications.RunAsync(Wake, stoppingToken), CancellationToken.None)] : Array.Empty<Task>()
        ];

        // None ends before it is told to, except by a bug: then the host has to hear of it.
        await await Task.WhenAny([.. loops, completions]);
        await Task.WhenAll(loops);

        while (_handovers.Reader.TryRead(out var rows))
            Withhold(rows);
        await WaitForPublishesAsync();
        _outcomes.Complete();
        await completions;
    }

    private async Task RelayHandoversAsync(CancellationToken ct)
    {
        try
        {
            await foreach (var rows in _handovers.Reader.ReadAllAsync(ct))
                await StartPublishAsync(rows, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
        }
    }

    private async Task RelayTableAsync(CancellationToken ct)
    {
        var trouble = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));
        var idle = new Backoff(TimeSpan.FromMilliseconds(250), _options.PollInterval);

        _heart.Beat();

        try
        {
            while (!ct.IsCancellationRequested)
            {
                try
                {
                    if (!_flows && !await TryReopenAsync(ct))
                        await PauseAsync(trouble.Next(), ct);
                    else if (await RelayBatchAsync(ct) is var claimed && claimed < _options.ClaimLimit)
                        await RestAsync(claimed, idle, ct);

                    // Not after a failure: a loop that only fails does not live.
                    _heart.Beat();
                    if (_flows)
                        trouble.Reset();
                }
                catch (Exception exception) when (!ct.IsCancellationRequested)
                {
                    var pause = trouble.Next();
                    LogDatabaseTrouble(pause.TotalSeconds, exception.Message);
                    await PauseAsync(pause, ct);
                }
            }
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            // Told to stop, and the database may be stopping too: whatever was under way is still in the table.
        }

        _heart.Stop();
    }

    /// <summary>Claims and starts one batch; the number of rows claimed.</summary>
    private async Task<int> RelayBatchAsync(CancellationToken ct)
    {
        var rows = await ClaimAsync(_options.ClaimLimit);
        var groups = new Queue<OutboxMessage[]>(rows.GroupBy(x => x.OrderingKey ?? x.SequenceNumber.ToString()).Select(x => x.ToArray()));

        try
        {
            while (groups.TryDequeue(out var group))
                await StartPublishAsync(group, ct);
        }
        finally
        {
            // Told to stop in between: the rest goes back at once.
            foreach (var group in groups)
                Withhold(group);
        }

        return rows.Count;
    }

    /// <summary>Claims without a token: a claim cancelled half-way may have been made, and nobody would know of its rows.</summary>
    private async Task<List<OutboxMessage>> ClaimAsync(int limit)
    {
        var wasPaused = store.IsPaused;
        var rows = _held.AddClaimed(await store.ClaimAsync(limit, CancellationToken.None), out var followers);
        metrics.Claimed(rows.Count);
        Withhold(followers);

        if (store.IsPaused && !wasPaused)
            LogPaused();
        else if (wasPaused && !store.IsPaused)
            LogResumed();

        return rows;
    }

    /// <summary>
    /// Rests until it is woken or a row is due, by the table. Whoever has nothing to do only looks, every poll interval, and not even that
    /// while the connection for notifications does.
    /// </summary>
    private async Task RestAsync(int claimed, Backoff idle, CancellationToken ct)
    {
        if (claimed > 0)
            idle.Reset();

        if (store.IsPaused)
        {
            // Commits go on and wake us: they must not cost a statement each.
            await PauseAsync(PausedLook, ct);
            _heart.Beat(_options.PollInterval);
            await _wakeUp.WaitAsync(_options.PollInterval, ct);
            return;
        }

        var due = await store.PeekAsync(ct);
        // A row that is due and was not claimed waits for another (its key's head, a lock): looking again at once would spin. Those that
        // become due meanwhile do not wait for it.
        if (due <= TimeSpan.Zero)
        {
            due = idle.Next();
            if (await store.PeekLaterAsync(ct) is { } later && later < due)
                due = later;
        }

        while (true)
        {
            var poll = _options.PollInterval * (0.8 + 0.2 * Random.Shared.NextDouble());
            var rest = due < poll ? due.Value : poll;

            _heart.Beat(rest);
            if (await _wakeUp.WaitAsync(rest, ct))
                return;

            due = notifications.IsListening ? due - rest : await store.PeekAsync(ct);
            if (due <= TimeSpan.Zero)
            {
                metrics.WokenUp(WakeUpSource.Poll);
                return;
            }
        }
    }

    /// <summary>
    /// Once the broker is back, tries one message alone. If that one is what breaks the channel, it counts an attempt and steps aside, so
    /// that it cannot keep the others from flowing.
    /// </summary>
    private async Task<bool> TryReopenAsync(CancellationToken ct)
    {
        while (!_publisher.BrokerIsReachable)
        {
            _heart.Beat();
            await PauseAsync(TimeSpan.FromMilliseconds(100), ct);
        }

        if (await ClaimAsync(1) is [var probe, .. var others])
        {
            Withhold([.. others]);

            var outcome = await SendAsync(probe);
            Report(outcome.Result is PublishResult.Broken && _publisher.BrokerIsReachable ? outcome with { Result = PublishResult.Refused } : outcome);

            if (outcome.Result is PublishResult.Unreachable or PublishResult.Broken)
                return false;
        }
        else if (_held.Count > 0)
        {
            // What was on its way when the flow stopped is not given back yet, and with it the message to try.
            return false;
        }

        _opening++;
        _flows = !ct.IsCancellationRequested;
        LogFlows();

        return true;
    }

    /// <summary>Starts publishing rows one after the other, once the window has room.</summary>
    private async Task StartPublishAsync(OutboxMessage[] rows, CancellationToken ct)
    {
        try
        {
            await _window.WaitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            Withhold(rows);
            throw;
        }

        _ = PublishAsync(rows);
    }

    private async Task PublishAsync(OutboxMessage[] rows)
    {
        try
        {
            for (var i = 0; i < rows.Length; i++)
            {
                if (!await PublishAsync(rows[i]))
                {
                    Withhold(rows[(i + 1)..]);
                    return;
                }
            }
        }
        finally
        {
            _window.Release();
        }
    }

    /// <summary>Publishes one row; whether those behind it may follow.</summary>
    private async Task<bool> PublishAsync(OutboxMessage row)
    {
        if (!_flows || store.IsPaused)
        {
            Withhold(row);
            return false;
        }

        if (!_held.IsOurs(row))
        {
            // Ours no more: another relay may have it by now. The table says who.
            _held.Forget(row);
            _wakeUp.Set();
            return false;
        }

        var opening = _opening;
        var outcome = await SendAsync(row);
        Report(outcome);

        // A publish that began before the last outage says nothing about the time after it.
        if (outcome.Result is PublishResult.Unreachable or PublishResult.Broken && opening == _opening)
            StopFlow(outcome.Error!);

        return outcome.Result is PublishResult.Confirmed
            || outcome.Result is PublishResult.Refused or PublishResult.Unroutable && OutboxSession.IsTransactionKey(row.OrderingKey);
    }

    private async Task<PublishOutcome> SendAsync(OutboxMessage row)
    {
        using var span = OutboxTracing.StartPublish(row);
        var outcome = await _publisher.PublishAsync(row);

        span?.End(outcome);
        if (outcome.Result is PublishResult.Confirmed)
            metrics.Published(row);

        return outcome;
    }

    private void StopFlow(string reason)
    {
        if (!_flows)
            return;

        _flows = false;
        LogUnreachable(reason);
        _wakeUp.Set();
    }

    /// <summary>Level-triggered: a wake-up during a pass causes another pass.</summary>
    private void Wake(WakeUpSource source)
    {
        metrics.WokenUp(source);
        _wakeUp.Set();
    }

    private void Report(PublishOutcome outcome) => _outcomes!.Report(outcome);

    private void Withhold(params OutboxMessage[] rows)
    {
        foreach (var row in rows)
            Report(new(row, PublishResult.Withheld));
    }

    private async Task RenewAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(_options.Lease / 3, time);

        try
        {
            while (await timer.WaitForNextTickAsync(ct))
                await RenewAsync(_options.Lease / 3);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
        }
    }

    /// <summary>Renews what has been held for a while; only what the database says is still ours counts as renewed.</summary>
    private async Task RenewAsync(TimeSpan age)
    {
        var aging = _held.OlderThan(age);
        if (aging.Length == 0)
            return;

        try
        {
            var now = time.GetTimestamp();
            _held.Renewed(await store.RenewAsync(aging, CancellationToken.None), now);
        }
        catch (Exception exception)
        {
            LogNotRenewed(aging.Length, exception.Message);
        }
    }

    /// <summary>Lets the publishes in flight end, for a bounded time. Those that do not are left to their lease: the broker may yet take them.</summary>
    private async Task WaitForPublishesAsync()
    {
        using var timeout = new CancellationTokenSource(_options.StopTimeout, time);

        try
        {
            for (var i = 0; i < _options.PublishLimit; i++)
                await _window.WaitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            LogLeft(_held.Count);
        }
    }

    private Task PauseAsync(TimeSpan pause, CancellationToken ct) => Task.Delay(pause, time, ct);

    [LoggerMessage(LogLevel.Information, "Outbox: the broker is reachable, messages flow")]
    private partial void LogFlows();

    [LoggerMessage(LogLevel.Warning, "Outbox: relaying is paused, messages wait in the table until it is resumed")]
    private partial void LogPaused();

    [LoggerMessage(LogLevel.Information, "Outbox: relaying is resumed")]
    private partial void LogResumed();

    [LoggerMessage(LogLevel.Warning, "Outbox: the broker is not reachable, messages wait in the table: {Reason}")]
    private partial void LogUnreachable(string reason);

    [LoggerMessage(LogLevel.Warning, "Outbox: the database does not answer, next try in {Pause:F1} s: {Reason}")]
    private partial void LogDatabaseTrouble(double pause, string reason);

    [LoggerMessage(LogLevel.Warning, "Outbox: the lease of {Count} row(s) could not be renewed: {Reason}")]
    private partial void LogNotRenewed(int count, string reason);

    [LoggerMessage(LogLevel.Warning, "Outbox: stopped while {Count} message(s) waited for their confirm; another process takes them after the lease")]
    private partial void LogLeft(int count);
}
