using System.Collections.Concurrent;
using System.Threading.Channels;
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
    OutboxStore<TDbContext> store, OutboxSettings<TDbContext> settings, IBusControl bus, TimeProvider time, ILogger<OutboxRelay<TDbContext>> logger)
    : BackgroundService
    where TDbContext : DbContext
{
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(10);

    private readonly OutboxOptions _options = settings.Value;
    private readonly OutboxPublisher _publisher = new(bus, settings.Value);
    private readonly Channel<OutboxMessage[]> _handovers = Channel.CreateUnbounded<OutboxMessage[]>(new() { SingleReader = true });
    private readonly Channel<PublishOutcome> _outcomes = Channel.CreateUnbounded<PublishOutcome>();
    private readonly ConcurrentDictionary<long, OutboxMessage> _held = new();
    private readonly SemaphoreSlim _window = new(settings.Value.PublishLimit);
    private readonly WakeUp _wakeUp = new();
    private volatile bool _flows;
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
        var completions = Task.Run(CompleteAsync, CancellationToken.None);
        var relays = Task.WhenAll(
            Task.Run(() => RelayHandoversAsync(stoppingToken), CancellationToken.None),
            Task.Run(() => RelayTableAsync(stoppingToken), CancellationToken.None),
            Task.Run(() => RenewAsync(stoppingToken), CancellationToken.None));

        // Neither ends before it is told to, except by a bug: then the host has to hear of it.
        await await Task.WhenAny(relays, completions);

        _flows = false;
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
            while (_handovers.Reader.TryRead(out var rows))
                Withhold(rows);
        }
    }

    private async Task RelayTableAsync(CancellationToken ct)
    {
        var trouble = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

        while (!ct.IsCancellationRequested)
        {
            try
            {
                if (!_flows)
                    await ReopenAsync(trouble, ct);
                else if (await RelayBatchAsync(ct) < _options.ClaimLimit)
                    await _wakeUp.WaitAsync(await RestAsync(ct), ct);

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
        var rows = await ClaimAsync(_options.ClaimLimit, ct);

        foreach (var group in rows.GroupBy(x => x.OrderingKey ?? x.SequenceNumber.ToString()))
            await StartPublishAsync([.. group], ct);

        return rows.Count;
    }

    private async Task<List<OutboxMessage>> ClaimAsync(int limit, CancellationToken ct)
    {
        var rows = await store.ClaimAsync(limit, ct);

        // A row whose lease ran out while its publish still waits here is claimed back: one publish at a time.
        rows.RemoveAll(x => !_held.TryAdd(x.SequenceNumber, x));

        return rows;
    }

    /// <summary>How long nothing can be due, by the table; at most one poll interval.</summary>
    private async Task<TimeSpan> RestAsync(CancellationToken ct)
    {
        var poll = _options.PollInterval * (0.8 + 0.2 * Random.Shared.NextDouble());
        var due = await store.PeekAsync(ct) ?? poll;

        // A row that is due and was not claimed waits for another (its key's head, a lock): looking again at once would spin.
        return TimeSpan.FromTicks(Math.Clamp(due.Ticks, TimeSpan.FromMilliseconds(250).Ticks, poll.Ticks));
    }

    /// <summary>
    /// Waits until the broker is back, then tries one message alone. If that one is what breaks the channel, it counts an attempt and
    /// steps aside, so that it cannot keep the others from flowing.
    /// </summary>
    private async Task ReopenAsync(Backoff trouble, CancellationToken ct)
    {
        while (!_publisher.BrokerIsReachable)
            await PauseAsync(TimeSpan.FromMilliseconds(100), ct);

        if ((await ClaimAsync(1, ct)).FirstOrDefault() is { } probe)
        {
            var outcome = await _publisher.PublishAsync(probe);
            var reachable = outcome.Result is not PublishResult.Unreachable;
            if (!reachable && _publisher.BrokerIsReachable)
                outcome = outcome with { Result = PublishResult.Refused };

            Report(outcome);

            if (!reachable)
            {
                await PauseAsync(trouble.Next(), ct);
                return;
            }
        }

        _flows = true;
        LogFlows();
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
            _held.TryRemove(row.SequenceNumber, out _);
            Wake();
            return false;
        }

        var outcome = await _publisher.PublishAsync(row);
        Report(outcome);

        if (outcome.Result is PublishResult.Unreachable)
            StopFlow(outcome.Error!);

        return outcome.Result is PublishResult.Confirmed;
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
            {
                var now = time.GetTimestamp();
                OutboxMessage[] aging = [.. _held.Values.Where(x => time.GetElapsedTime(x.HeldSince) is var age && age > _options.Lease / 3 && age < _options.Lease)];
                if (aging.Length > 0 && await TryAsync(() => store.RenewAsync([.. aging.Select(x => x.SequenceNumber)], ct)))
                    Array.ForEach(aging, x => x.HeldSince = now);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
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
        await WriteAsync(Rows(outcomes, x => x.Result is PublishResult.Confirmed), store.DeleteAsync);
        await WriteAsync(Rows(outcomes, x => x.Result is PublishResult.Unreachable or PublishResult.Withheld), store.ReleaseAsync);

        foreach (var (row, result, error) in outcomes)
        {
            if (result is PublishResult.Refused or PublishResult.Unroutable)
                await FailAsync(row, result, error!);

            _held.TryRemove(row.SequenceNumber, out _);
        }

        if (outcomes.Exists(x => x.Result is not PublishResult.Confirmed || x.Row.OrderingKey is not null))
            Wake();
    }

    private async Task FailAsync(OutboxMessage row, PublishResult result, string error)
    {
        var attempt = row.Attempts + 1;
        var dies = result is PublishResult.Refused && attempt >= _options.MaxAttempts;
        var longest = result is PublishResult.Unroutable ? _options.MaxUnroutableDelay : _options.MaxRetryDelay;
        TimeSpan? delay = dies ? null : Backoff.Delay(attempt, _options.RetryDelay, longest);

        if (dies)
            LogDead(row.MessageId, row.SequenceNumber, row.MessageType, attempt, error);
        else
            LogRetry(row.MessageId, row.SequenceNumber, row.MessageType, attempt, delay!.Value.TotalSeconds, error);

        await WriteAsync([row.SequenceNumber], (_, ct) => store.FailAsync(row.SequenceNumber, error, delay, ct));
    }

    private static long[] Rows(List<PublishOutcome> outcomes, Func<PublishOutcome, bool> which) =>
        [.. outcomes.Where(which).Select(x => x.Row.SequenceNumber)];

    /// <summary>Writes until it is written: what the broker has confirmed must not be forgotten while the database is away.</summary>
    private async Task WriteAsync(long[] rows, Func<long[], CancellationToken, Task<int>> write)
    {
        if (rows.Length == 0)
            return;

        var trouble = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));
        while (!await TryAsync(() => write(rows, CancellationToken.None)) && !_stopping.IsCancellationRequested)
            await PauseAsync(trouble.Next(), CancellationToken.None);
    }

    private async Task<bool> TryAsync(Func<Task> write)
    {
        try
        {
            await write();
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            LogDatabaseTrouble(0, exception.Message);
            return false;
        }
    }

    /// <summary>Lets the publishes in flight end, for a bounded time, and gives the rest back so that another relay takes them at once.</summary>
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
            Withhold([.. _held.Values]);
        }
    }

    private Task PauseAsync(TimeSpan pause, CancellationToken ct) => Task.Delay(pause, time, ct);

    [LoggerMessage(LogLevel.Information, "Outbox: the broker is reachable, messages flow")]
    private partial void LogFlows();

    [LoggerMessage(LogLevel.Warning, "Outbox: the broker is not reachable, messages wait in the table: {Reason}")]
    private partial void LogUnreachable(string reason);

    [LoggerMessage(LogLevel.Warning, "Outbox: the database does not answer, next try in {Pause:F1} s: {Reason}")]
    private partial void LogDatabaseTrouble(double pause, string reason);

    [LoggerMessage(LogLevel.Warning,
        "Outbox: message {MessageId} (row {SequenceNumber}, {MessageType}) was not taken at attempt {Attempt}, next in {Delay:F1} s: {Reason}")]
    private partial void LogRetry(Guid messageId, long sequenceNumber, string messageType, int attempt, double delay, string reason);

    [LoggerMessage(LogLevel.Error,
        "Outbox: message {MessageId} (row {SequenceNumber}, {MessageType}) is dead after {Attempts} attempts and stays in the table: {Reason}")]
    private partial void LogDead(Guid messageId, long sequenceNumber, string messageType, int attempts, string reason);
}
