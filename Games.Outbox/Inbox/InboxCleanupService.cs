using Games.Outbox.Outages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Inbox;

/// <summary>Forgets consumed messages that are older than the window: small sets, never waiting for a lock, never holding one for long.</summary>
internal sealed partial class InboxCleanupService<TDbContext>(
    InboxStore<TDbContext> store, OutboxSettings<TDbContext> settings, DatabaseOutage outage, TimeProvider time,
    ILogger<InboxCleanupService<TDbContext>> logger)
    : BackgroundService
    where TDbContext : DbContext
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var options = settings.Value;

        try
        {
            while (true)
            {
                // Jitter, so that replicas that start together do not clean up together.
                await Task.Delay(options.CleanUpInterval * (0.8 + 0.4 * Random.Shared.NextDouble()), time, stoppingToken);

                while (await CleanUpAsync(stoppingToken) == options.CleanUpLimit)
                    await Task.Delay(TimeSpan.FromMilliseconds(100), time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task<int> CleanUpAsync(CancellationToken ct)
    {
        try
        {
            return await store.CleanUpAsync(ct);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (!outage.Met(exception))
                LogFailed(store.WhatIsMissing(exception) ?? exception.InWords());
            return 0;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Inbox: the clean-up failed and is tried again at its next turn: {Reason}")]
    private partial void LogFailed(string reason);
}
