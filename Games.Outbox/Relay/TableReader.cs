using Games.Outbox.Database;
using Games.Outbox.Monitoring;
using Games.Outbox.Outages;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Relay;

/// <summary>Claims rows from the table, and rests while there are none to claim.</summary>
internal sealed partial class TableReader<TDbContext>(
    RelayStore<TDbContext> store, OutboxOptions options, LeasedRows leased, OutcomeWriter<TDbContext> outcomes, WakeUp wakeUp,
    Notifications<TDbContext> notifications, OutboxMetrics<TDbContext> metrics, Heartbeat<TDbContext> heartbeat, DatabaseOutage outage,
    TimeProvider time, ILogger logger)
    where TDbContext : DbContext
{
    /// <summary>Shortest time between two looks at the table while relaying is paused.</summary>
    private static readonly TimeSpan PausedLook = TimeSpan.FromMilliseconds(250);

    private readonly Backoff _idle = new(TimeSpan.FromMilliseconds(250), options.PollInterval);

    /// <summary>Claims without a token: a claim cancelled half-way may have been made, and nobody would know of its rows.</summary>
    public async Task<List<OutboxMessage>> ClaimAsync(int limit)
    {
        var wasPaused = store.IsPaused;
        var rows = leased.AddClaimed(await store.ClaimAsync(limit, CancellationToken.None), out var followers);
        outage.Works(heartbeat);
        metrics.Claimed(rows.Count);
        outcomes.Withhold(followers);

        if (store.PausedBy is { } by && !wasPaused)
            LogPaused(by);
        else if (wasPaused && !store.IsPaused)
            LogResumed();

        return rows;
    }

    /// <summary>
    /// Rests until it is woken or a row is due, by the table. Without work it only looks, every poll interval, and not even that while the
    /// connection for notifications does.
    /// </summary>
    /// <param name="claimed">How many rows the last claim has taken.</param>
    /// <param name="ct">Ends the rest.</param>
    public async Task RestAsync(int claimed, CancellationToken ct)
    {
        if (claimed > 0)
            _idle.Reset();
        if (store.HasMore)
            return;

        if (store.IsPaused)
        {
            // Commits go on and wake us: they must not cost a statement each.
            await Task.Delay(PausedLook, time, ct);
            heartbeat.Beat(options.PollInterval);
            await wakeUp.WaitAsync(options.PollInterval, ct);
            return;
        }

        var due = await store.PeekAsync(ct);
        // A row that is due and was not claimed waits for another (its key's head, a lock): looking again at once would spin. Those that
        // become due meanwhile do not wait for it.
        if (due <= TimeSpan.Zero)
        {
            due = _idle.Next();
            if (await store.PeekLaterAsync(ct) is { } later && later < due)
                due = later;
        }

        while (true)
        {
            var poll = options.PollInterval * (0.8 + 0.2 * Random.Shared.NextDouble());
            var rest = due < poll ? due.Value : poll;
            // Due since it was asked for.
            if (rest <= TimeSpan.Zero)
                return;

            heartbeat.Beat(rest);
            if (await wakeUp.WaitAsync(rest, ct))
                return;

            due = notifications.IsListening ? due - rest : await store.PeekAsync(ct);
            if (due <= TimeSpan.Zero)
            {
                metrics.WokenUp(WakeUpSource.Poll);
                return;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Outbox: relaying is paused by {By}, messages wait in the table until it is resumed")]
    private partial void LogPaused(string by);

    [LoggerMessage(LogLevel.Information, "Outbox: relaying is resumed")]
    private partial void LogResumed();
}
