using System.Collections.Concurrent;
using System.Threading.Channels;
using Games.Outbox.Capture;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Outbox.Relay;

/// <summary>
/// Moves committed messages to the broker. Rows come to it on two ways: from memory, handed over by the commit that inserted them, and
/// from the table, claimed in batches (what was left behind by a dead process, a full hand-over, an outage, or another's transaction).
/// Both ways publish concurrently within one window, and one writer deletes what is confirmed in sets. No transaction is open while the
/// broker is waited for. At least once: a row is deleted only after its confirm, so a crash in between publishes it again, and the
/// consumers' inbox makes that harmless.
/// </summary>
internal sealed partial class OutboxRelay<TDbContext>(
    OutboxStore<TDbContext> store, OutboxSettings<TDbContext> settings, IBusControl bus, TimeProvider time, ILogger<OutboxRelay<TDbContext>> logger)
    : BackgroundService
    where TDbContext : DbContext
{
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(10);

    private readonly OutboxOptions _options = settings.Value;
    private readonly OutboxPublisher _publisher = new(bus, settings.Value, time);
    private readonly Channel<OutboxMessage[]> _handovers = Channel.CreateUnbounded<OutboxMessage[]>(new() { SingleReader = true });
    private readonly Channel<PublishOutcome> _outcomes = Channel.CreateUnbounded<PublishOutcome>();
    private readonly ConcurrentDictionary<long, OutboxMessage> _held = new();
    private readonly SemaphoreSlim _window = new(settings.Value.PublishLimit);
    private readonly WakeUp _wakeUp = new();
    private volatile bool _flows;
    private volatile int _opening;
    private CancellationToken _stopping;

    /// <summary>Who holds the rows that are handed over.</summary>
    public Guid Owner => store.Owner;

    /// <summary>Whether rows may be handed over: the relay runs, the broker is there and the memory set aside for it is not full.</summary>
    public bool Accepts => _flows && _held.Count < _options.HandoffLimit;

    /// <summary>Says that the table may hold rows for us. Level-triggered: a wake-up during a pass causes another pass.</summary>
    public void Wake() => _wakeUp.Set();

    /// <summary>Takes over rows that were just committed as held by <see cref="Owner" />. They leave one after the other.</summary>
    public void HandOver(OutboxMessage[] rows)
    {
        foreach (var row in rows)
            _held[row.SequenceNumber] = row;

        _handovers.Writer.TryWrite(rows);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _stopping = stoppingToken;
        using var stop = stoppingToken.Register(() => _flows = false);
        var completions = Task.Run(CompleteAsync, CancellationToken.None);
        Task[] loops =
        [
            Task.Run(() => RelayHandoversAsync(stoppingToken), CancellationToken.None),
            Task.Run(() => RelayTableAsync(stoppingToken), CancellationToken.None),
            Task.Run(() => RenewAsync(stoppingToken), CancellationToken.None)
        ];

        // None ends before it is told to, except by a bug: then the host has to hear of it.
        await await Task.WhenAny([.. loops, completions]);
        await Task.WhenAll(loops);

        while (_handovers.Reader.TryRead(out var rows))
            Withhold(rows);
        await WaitForPublishesAsync();
        _outcomes.Writer.Complete();
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

        while (!ct.IsCancellationRequested)
        {
            try
            {
                if (!_flows)
                {
                    if (!await TryReopenAsync(ct))
                    {
                        await PauseAsync(trouble.Next(), ct);
                        continue;
                    }
                }
                else if (await RelayBatchAsync(ct) is var claimed && claimed < _options.ClaimLimit)
                {
                    if (claimed > 0)
                        idle.Reset();
                    await _wakeUp.WaitAsync(await RestAsync(idle, ct), ct);
                }

                trouble.Reset();
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                var pause = trouble.Next();
                LogDatabaseTrouble(pause.TotalSeconds, exception.Message);
                await PauseAsync(pause, ct);
            }
        }
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
        var rows = await store.ClaimAsync(limit, CancellationToken.None);

        foreach (var row in rows)
        {
            // A row whose lease ran out while its publish still waits here comes back to us: one publish at a time.
            if (!_held.TryAdd(row.SequenceNumber, row) && _held.TryGetValue(row.SequenceNumber, out var held))
                held.HeldSince = row.HeldSince;
        }

        var mine = rows.ToLookup(x => _held.TryGetValue(x.SequenceNumber, out var held) && ReferenceEquals(held, x));
        var busyKeys = mine[false].Select(x => x.OrderingKey).OfType<string>().ToHashSet();
        var followers = mine[true].Where(x => x.OrderingKey is { } key && busyKeys.Contains(key)).ToArray();
        Withhold(followers);

        return [.. mine[true].Except(followers)];
    }

    /// <summary>How long nothing can be due, by the table; at most one poll interval.</summary>
    private async Task<TimeSpan> RestAsync(Backoff idle, CancellationToken ct)
    {
        var poll = _options.PollInterval * (0.8 + 0.2 * Random.Shared.NextDouble());
        var due = await store.PeekAsync(ct) ?? poll;

        // A row that is due and was not claimed waits for another (its key's head, a lock): looking again at once would spin.
        return due <= TimeSpan.Zero ? idle.Next() : due < poll ? due : poll;
    }

    /// <summary>
    /// Once the broker is back, tries one message alone. If that one is what breaks the channel, it counts an attempt and steps aside, so
    /// that it cannot keep the others from flowing.
    /// </summary>
    private async Task<bool> TryReopenAsync(CancellationToken ct)
    {
        while (!_publisher.BrokerIsReachable)
            await PauseAsync(TimeSpan.FromMilliseconds(100), ct);

        if (await ClaimAsync(1) is [var probe, .. var others])
        {
            Withhold([.. others]);

            var outcome = await _publisher.PublishAsync(probe);
            Report(outcome.Result is PublishResult.Broken && _publisher.BrokerIsReachable ? outcome with { Result = PublishResult.Refused } : outcome);

            if (outcome.Result is PublishResult.Unreachable or PublishResult.Broken)
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
        if (!_flows)
        {
            Withhold(row);
            return false;
        }

        if (time.GetElapsedTime(row.HeldSince) > _options.Lease)
        {
            // Ours no more: another relay may have it by now. The table says who.
            Forget(row);
            Wake();
            return false;
        }

        var opening = _opening;
        var outcome = await _publisher.PublishAsync(row);
        Report(outcome);

        // A publish that began before the last outage says nothing about the time after it.
        if (outcome.Result is PublishResult.Unreachable or PublishResult.Broken && opening == _opening)
            StopFlow(outcome.Error!);

        return outcome.Result is PublishResult.Confirmed
            || outcome.Result is PublishResult.Refused or PublishResult.Unroutable && OutboxSession.IsTransactionKey(row.OrderingKey);
    }

    private void StopFlow(string reason)
    {
        if (!_flows)
            return;

        _flows = false;
        LogUnreachable(reason);
        Wake();
    }

    private void Report(PublishOutcome outcome) => _outcomes.Writer.TryWrite(outcome);

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
        long[] aging = [.. _held.Values.Where(x => time.GetElapsedTime(x.HeldSince) > age).Select(x => x.SequenceNumber)];
        if (aging.Length == 0)
            return;

        try
        {
            var now = time.GetTimestamp();
            foreach (var row in await store.RenewAsync(aging, CancellationToken.None))
            {
                if (_held.TryGetValue(row, out var held))
                    held.HeldSince = now;
            }
        }
        catch (Exception exception)
        {
            LogNotWritten(exception.Message);
        }
    }

    /// <summary>Writes down what became of the publishes, in sets: while one statement runs, the next set gathers.</summary>
    private async Task CompleteAsync()
    {
        var reader = _outcomes.Reader;
        var outcomes = new List<PublishOutcome>();

        while (await reader.WaitToReadAsync())
        {
            // A confirmed row may lie a moment longer; a set of them costs little more than one.
            if (reader.Count < _options.PublishLimit / 2 && !_stopping.IsCancellationRequested)
                await PauseAsync(GatherTime, CancellationToken.None);

            outcomes.Clear();
            while (outcomes.Count < 1000 && reader.TryRead(out var outcome))
                outcomes.Add(outcome);

            await CompleteAsync(outcomes);
        }
    }

    private async Task CompleteAsync(List<PublishOutcome> outcomes)
    {
        // What is given back is forgotten first: the next claim may return it before this method does.
        foreach (var (row, _, _) in outcomes.Where(x => x.Result is not PublishResult.Confirmed))
            Forget(row);

        await WriteAsync(Rows(outcomes, x => x.Result is PublishResult.Confirmed), store.DeleteAsync);
        await WriteAsync(Rows(outcomes, x => x.Result is PublishResult.Unreachable or PublishResult.Broken or PublishResult.Withheld), store.ReleaseAsync);

        foreach (var (row, result, error) in outcomes)
        {
            if (result is PublishResult.Confirmed)
                Forget(row);
            else if (result is PublishResult.Refused or PublishResult.Unroutable)
                await FailAsync(row, result, error!);
        }

        if (outcomes.Exists(x => x.Result is not PublishResult.Confirmed || x.Row.OrderingKey is not null))
            Wake();
    }

    private void Forget(OutboxMessage row) => _held.TryRemove(KeyValuePair.Create(row.SequenceNumber, row));

    private async Task FailAsync(OutboxMessage row, PublishResult result, string error)
    {
        // A returned message waits for its queue and never dies of that, so it does not use up the attempts of its refusals either.
        var counts = result is PublishResult.Refused;
        var attempt = row.Attempts + (counts ? 1 : 0);
        var dies = counts && attempt >= _options.MaxAttempts || row.ExpirationTime < time.GetUtcNow().UtcDateTime;
        TimeSpan? delay = dies ? null
            : counts ? Backoff.Delay(attempt, _options.RetryDelay, _options.MaxRetryDelay)
            : Backoff.Delay(1, _options.UnroutableDelay, _options.UnroutableDelay);

        if (dies)
            LogDead(row.MessageId, row.SequenceNumber, row.MessageType, attempt, error);
        else
            LogRetry(row.MessageId, row.SequenceNumber, row.MessageType, attempt, delay!.Value.TotalSeconds, error);

        await WriteAsync([row.SequenceNumber], (_, ct) => store.FailAsync(row.SequenceNumber, Storable(error), attempt, delay, ct));

        static string Storable(string text) => text.Replace('\0', ' ') is { Length: > 2000 } cut ? cut[..2000] : text.Replace('\0', ' ');
    }

    private static long[] Rows(List<PublishOutcome> outcomes, Func<PublishOutcome, bool> which) =>
        [.. outcomes.Where(which).Select(x => x.Row.SequenceNumber)];

    /// <summary>Writes until it is written: what the broker has confirmed must not be forgotten while the database is away.</summary>
    private async Task WriteAsync(long[] rows, Func<long[], CancellationToken, Task<int>> write)
    {
        if (rows.Length == 0)
            return;

        var trouble = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

        while (true)
        {
            try
            {
                await write(rows, CancellationToken.None);
                return;
            }
            catch (PostgresException exception) when (!exception.IsTransient)
            {
                LogRefused(exception, rows.Length);
                return;
            }
            catch (Exception exception)
            {
                LogNotWritten(exception.Message);
                if (_stopping.IsCancellationRequested)
                    return;
            }

            await PauseAsync(trouble.Next(), CancellationToken.None);
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

    [LoggerMessage(LogLevel.Warning, "Outbox: the broker is not reachable, messages wait in the table: {Reason}")]
    private partial void LogUnreachable(string reason);

    [LoggerMessage(LogLevel.Warning, "Outbox: the database does not answer, next try in {Pause:F1} s: {Reason}")]
    private partial void LogDatabaseTrouble(double pause, string reason);

    [LoggerMessage(LogLevel.Warning, "Outbox: stopped while {Count} message(s) waited for their confirm; another process takes them after the lease")]
    private partial void LogLeft(int count);

    [LoggerMessage(LogLevel.Error, "Outbox: the database refused to write down what became of {Count} publish(es), they are repeated after their lease")]
    private partial void LogRefused(Exception exception, int count);

    [LoggerMessage(LogLevel.Warning, "Outbox: the database does not answer, what became of the last publishes is written down later: {Reason}")]
    private partial void LogNotWritten(string reason);

    [LoggerMessage(LogLevel.Warning,
        "Outbox: message {MessageId} (row {SequenceNumber}, {MessageType}) was not taken, {Attempt} attempt(s) counted, next in {Delay:F1} s: {Reason}")]
    private partial void LogRetry(Guid messageId, long sequenceNumber, string messageType, int attempt, double delay, string reason);

    [LoggerMessage(LogLevel.Error,
        "Outbox: message {MessageId} (row {SequenceNumber}, {MessageType}) is dead after {Attempts} attempts and stays in the table: {Reason}")]
    private partial void LogDead(Guid messageId, long sequenceNumber, string messageType, int attempts, string reason);
}
