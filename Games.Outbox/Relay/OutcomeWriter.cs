using System.Threading.Channels;
using Games.Outbox.Capture;
using Games.Outbox.Database;
using Games.Outbox.Monitoring;
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
    TimeProvider time, ILogger logger)
    where TDbContext : DbContext
{
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(10);

    private readonly Channel<PublishOutcome> _outcomes = Channel.CreateUnbounded<PublishOutcome>();

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
        // What is given back is forgotten first: the next claim may return it before this method does.
        foreach (var (row, _, _) in outcomes.Where(x => x.Result is not PublishResult.Confirmed))
            leased.Forget(row);

        await WriteAsync(Rows(outcomes, x => x.Result is PublishResult.Confirmed), store.DeleteAsync, stopping);
        await WriteAsync(
            Rows(outcomes, x => x.Result is PublishResult.Unreachable or PublishResult.Broken or PublishResult.Withheld),
            store.ReleaseAsync, stopping);

        foreach (var (row, result, error) in outcomes)
        {
            if (result is PublishResult.Confirmed)
                leased.Forget(row);
            else if (result is PublishResult.Refused or PublishResult.Unroutable)
                await FailAsync(row, result, error!, stopping);
        }

        if (outcomes.Exists(x => x.Result is not PublishResult.Confirmed || x.Row.OrderingKey is not null))
            wakeUp.Set();
    }

    private async Task FailAsync(OutboxMessage row, PublishResult result, string error, CancellationToken stopping)
    {
        // A returned message waits for its queue and never dies of that, so it does not use up the attempts of its refusals either.
        var counts = result is PublishResult.Refused;
        var attempt = row.Attempts + (counts ? 1 : 0);
        var dies = counts && attempt >= options.MaxAttempts || row.ExpirationTime < time.GetUtcNow().UtcDateTime;
        TimeSpan? delay = dies ? null
            : counts ? Backoff.Delay(attempt, options.RetryDelay, options.MaxRetryDelay)
            : Backoff.Delay(1, options.UnroutableDelay, options.UnroutableDelay);

        if (dies)
        {
            LogDead(row.MessageId, row.SequenceNumber, row.MessageType, attempt, error);
            if (row.OrderingKey is { } key && !OutboxSession.IsTransactionKey(key))
                LogBlocks(row.SequenceNumber, key);
        }
        else
        {
            LogRetry(row.MessageId, row.SequenceNumber, row.MessageType, attempt, delay!.Value.TotalSeconds, error);
            metrics.Retried();
        }

        var storable = ErrorText.Storable(error);
        await WriteAsync([row.SequenceNumber], (_, ct) => store.FailAsync(row.SequenceNumber, storable, attempt, delay, ct), stopping);
    }

    private static long[] Rows(List<PublishOutcome> outcomes, Func<PublishOutcome, bool> which) =>
        [.. outcomes.Where(which).Select(x => x.Row.SequenceNumber)];

    /// <summary>Writes until it is written: what the broker has confirmed must not be forgotten while the database is away.</summary>
    private async Task WriteAsync(long[] rows, Func<long[], CancellationToken, Task<int>> write, CancellationToken stopping)
    {
        if (rows.Length == 0)
            return;

        var failures = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

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
                if (stopping.IsCancellationRequested)
                    return;
            }

            await PauseAsync(failures.Next());
        }
    }

    private Task PauseAsync(TimeSpan pause) => Task.Delay(pause, time, CancellationToken.None);

    [LoggerMessage(LogLevel.Error,
        "Outbox: the database refused to write down what became of {Count} publish(es), they are repeated after their lease")]
    private partial void LogRefused(Exception exception, int count);

    [LoggerMessage(LogLevel.Warning, "Outbox: the database does not answer, what became of the last publishes is written down later: {Reason}")]
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
