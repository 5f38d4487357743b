using Games.Data;
using Games.Outbox.Outages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Games.Journal;

/// <summary>Deletes what is older than the retention, in small sets. What still waits to be dispatched is never too old.</summary>
internal sealed partial class JournalCleanUp(
    IServiceScopeFactory scopes, JournalOptions options, JournalStore store, DatabaseOutage outage, TimeProvider time, ILogger<JournalCleanUp> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Retention == TimeSpan.Zero)
            return;

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
            await using var scope = scopes.CreateAsyncScope();
            return await store.CleanUpAsync(scope.ServiceProvider.GetRequiredService<GamesDbContext>(), ct);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (!outage.Met(exception))
                LogFailed(exception.InWords());
            return 0;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Journal: the clean-up failed and is tried again at its next turn: {Reason}")]
    private partial void LogFailed(string reason);
}
