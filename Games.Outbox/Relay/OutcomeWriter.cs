using System.Threading.Channels;
using Games.Outbox.Capture;
using Games.Outbox.Database;
using Games.Outbox.Monitoring;
using Games.Outbox.Outages;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Outbox.Relay;

/// <summary>
/// Writes to the table what became of the publishes: the one place that deletes rows, ends their lease, has them wait or makes them dead.
/// </summary>
internal sealed partial class OutcomeWriter<TDbContext>(
    RelayStore<TDbContext> store, OutboxOptions options, LeasedRows leased, WakeUp wakeUp, OutboxMetrics<TDbContext> metrics,
    Heartbeat<TDbContext> heartbeat, DatabaseOutage outage, TimeProvider time, ILogger logger)
    where TDbContext : DbContext
{
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(10);

    /// <summary>Rows whose wait one statement ends.</summary>
    private const int ReleaseLimit = 1000;

    private readonly Channel<PublishOutcome> _outcomes = Channel.CreateUnbounded<PublishOutcome>();
    private readonly UnroutableDestinations _unroutable = new(options, time);

    /// <summary>Whether the database refuses to delete what was published: then nothing is to be published.</summary>
    public bool AreRefused => heartbeat.Refusal is not null;

    public void Report(PublishOutcome outcome) => _outcomes.Writer.TryWrite(outcome);

    /// <summary>Gives rows back that are not to be published now.</summary>
    public void Withhold(params OutboxMessage[] rows)
    {
        foreach (var row in rows)
            Report(new(row, PublishResult.Withheld));
    }

    /// <summary>Nothing more will be reported: what was is still written.</summary>
    public void Complete() => _outcomes.Writer.Complete();

    /// <summary>Writes what became of the publishes, in sets: while one statement runs, the next set gathers.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var reader = _outcomes.Reader;
        var outcomes = new List<PublishOutcome>();

        while (await reader.WaitToReadAsync(CancellationToken.None))
        {
            // A confirmed row may lie a moment longer; a set of them costs little more than one.
            if (reader.Count < options.PublishLimit / 2 && !stopping.IsCancellationRequested)
                await PauseAsync(GatherTime);

            outcomes.Clear();
            while (outcomes.Count < 1000 && reader.TryRead(out var outcome))
                outcomes.Add(outcome);

            await WriteAsync(outcomes, stopping);
        }
    }

    private async Task WriteAsync(List<PublishOutcome> outcomes, CancellationToken stopping)
    {
        // Nobody wants it any more: it is neither tried again nor dead.
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (outcomes[i] is { Result: PublishResult.Refused or PublishResult.Unroutable } x
                && x.Row.ExpirationTime <= time.GetUtcNow().UtcDateTime)
            {
                outcomes[i] = x with { Result = PublishResult.Expired };
            }
        }

        // What is given back is forgotten first: the next claim may return it before this method does.
        foreach (var outcome in outcomes.Where(x => !x.Leaves))
            leased.Forget(outcome.Row);

        await DeleteAsync(outcomes, stopping);
        await WriteAsync(Rows(outcomes, x => x.IsOutage || x.Result is PublishResult.Withheld), store.ReleaseAsync, stopping);
        await PutOffAsync([.. outcomes.Where(x => x.Result is PublishResult.Unroutable)], stopping);

        foreach (var (row, result, error) in outcomes)
        {
            if (result is PublishResult.Refused)
                await FailAsync(row, error!, stopping);
        }

        if (outcomes.Exists(x => !x.Leaves || x.Row.OrderingKey is not null))
            wakeUp.Set();
    }

    private async Task DeleteAsync(List<PublishOutcome> outcomes, CancellationToken stopping)
    {
        await WriteAsync(Rows(outcomes, x => x.Leaves), store.DeleteAsync, stopping, untilWritten: true);
        foreach (var outcome in outcomes.Where(x => x.Leaves))
            leased.Forget(outcome.Row);

        var expired = outcomes.Count(x => x.Result is PublishResult.Expired);
        metrics.Dropped(outcomes.Count(x => x.Result is PublishResult.Dropped), expired);
        if (expired > 0)
            LogExpired(expired);

        // Their queue is there: so it is for those that were put off.
        if (_unroutable.Found(outcomes.Where(x => x.Result is PublishResult.Confirmed).Select(x => x.Row)) is { Length: > 0 } found)
        {
            await WriteAsync([0], async (_, ct) =>
            {
                while (await store.ReleaseReturnedAsync(found, ReleaseLimit, ct) == ReleaseLimit)
                {
                }

                return 0;
            }, stopping);
            wakeUp.Set();
        }
    }

    /// <summary>A returned message waits for its queue. It never dies of that, so it does not use up the attempts of its refusals either.</summary>
    private async Task PutOffAsync(PublishOutcome[] returned, CancellationToken stopping)
    {
        if (returned.Length == 0)
            return;

        var (waits, warnings) = _unroutable.PutOff(returned.Select(x => x.Row));
        foreach (var warning in warnings)
            LogReturned(warning.Address, warning.Returned, warning.Pause.TotalSeconds);
        metrics.Retried(returned.Length);

        var errors = returned.ToDictionary(x => x.Row.SequenceNumber, x => ErrorText.Storable(x.Error!));
        await WriteAsync(
            [.. waits.Select(x => x.Row.SequenceNumber)],
            (rows, ct) => store.PutOffAsync(rows, [.. rows.Select(x => errors[x])], [.. waits.Select(x => x.Delay)], ct), stopping);
    }

    private async Task FailAsync(OutboxMessage row, string error, CancellationToken stopping)
    {
        var attempt = row.Attempts + 1;
        TimeSpan? delay = attempt >= options.MaxAttempts ? null : Backoff.Delay(attempt, options.RetryDelay, options.MaxRetryDelay);

        if (delay is null)
        {
            LogDead(row.MessageId, row.SequenceNumber, row.MessageType, attempt, error);
            if (row.OrderingKey is { } key && !OutboxSession.IsTransactionKey(key))
                LogBlocks(row.SequenceNumber, key);
        }
        else
        {
            LogRetry(row.MessageId, row.SequenceNumber, row.MessageType, attempt, delay.Value.TotalSeconds, error);
            metrics.Retried(1);
        }

        var storable = ErrorText.Storable(error);
        await WriteAsync([row.SequenceNumber], (_, ct) => store.FailAsync(row.SequenceNumber, storable, attempt, delay, ct), stopping);
    }

    private static long[] Rows(List<PublishOutcome> outcomes, Func<PublishOutcome, bool> which) =>
        [.. outcomes.Where(which).Select(x => x.Row.SequenceNumber)];

    /// <summary>
    /// Writes until it is written: what the broker has confirmed must not be forgotten while the database is away. With
    /// <paramref name="untilWritten" /> also while it refuses: what would come again with every lease must not be published at all.
    /// </summary>
    private async Task WriteAsync(
        long[] rows, Func<long[], CancellationToken, Task<int>> write, CancellationToken stopping, bool untilWritten = false)
    {
        if (rows.Length == 0)
            return;

        var failures = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

        while (true)
        {
            try
            {
                await write(rows, CancellationToken.None);
                if (heartbeat.Refusal is not null)
                    LogAccepted();
                heartbeat.Refusal = null;
                outage.Works(this);
                return;
            }
            catch (Exception exception) when (outage.Met(exception, this))
            {
                // Not its deletes alone: it is told of, and tried again.
            }
            catch (PostgresException exception) when (!exception.IsTransient && !untilWritten)
            {
                LogRefused(exception, rows.Length);
                return;
            }
            catch (PostgresException exception) when (!exception.IsTransient)
            {
                if (heartbeat.Refusal is null)
                    LogNotDeleted(exception, rows.Length);
                heartbeat.Refusal = exception.Message;
            }
            catch (Exception exception)
            {
                LogNotWritten(exception.InWords());
            }

            if (stopping.IsCancellationRequested)
                return;
            await PauseAsync(failures.Next());
        }
    }

    private Task PauseAsync(TimeSpan pause) => Task.Delay(pause, time, CancellationToken.None);

    [LoggerMessage(LogLevel.Error,
        "Outbox: the database refused to write down what became of {Count} publish(es), they are repeated after their lease")]
    private partial void LogRefused(Exception exception, int count);

    [LoggerMessage(LogLevel.Critical,
        "Outbox: the database refuses to delete {Count} message(s) that were published, so nothing is published until it deletes them: each would be "
        + "published again and again")]
    private partial void LogNotDeleted(Exception exception, int count);

    [LoggerMessage(LogLevel.Information, "Outbox: the database deletes what was published, messages flow again")]
    private partial void LogAccepted();

    [LoggerMessage(LogLevel.Warning,
        "Outbox: no queue gets what is sent to {Destination}, returned since the last such line: {Count}. It waits in the table, and one message is "
        + "tried in {Delay:F1} s")]
    private partial void LogReturned(string destination, int count, double delay);

    [LoggerMessage(LogLevel.Information, "Outbox: {Count} message(s) expired before they could leave and are dropped")]
    private partial void LogExpired(int count);

    [LoggerMessage(LogLevel.Warning, "Outbox: what became of the last publishes is written down later: {Reason}")]
    private partial void LogNotWritten(string reason);

    [LoggerMessage(LogLevel.Warning,
        "Outbox: message {MessageId} (row {SequenceNumber}, {MessageType}) was not taken, {Attempt} attempt(s) counted, "
        + "next in {Delay:F1} s: {Reason}")]
    private partial void LogRetry(Guid messageId, long sequenceNumber, string messageType, int attempt, double delay, string reason);

    [LoggerMessage(LogLevel.Error,
        "Outbox: message {MessageId} (row {SequenceNumber}, {MessageType}) is dead after {Attempts} attempts and stays in the table: {Reason}")]
    private partial void LogDead(Guid messageId, long sequenceNumber, string messageType, int attempts, string reason);

    [LoggerMessage(LogLevel.Error,
        "Outbox: dead row {SequenceNumber} holds up the messages behind it with the ordering key {OrderingKey} until it is retried or discarded")]
    private partial void LogBlocks(long sequenceNumber, string orderingKey);
}
