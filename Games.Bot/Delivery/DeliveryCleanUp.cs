using Games.Data;
using Games.Outbox.Outages;

namespace Games.Bot.Delivery;

/// <summary>
/// Deletes what nobody asks for any more, in small sets: what users were told long ago, and leases that nobody has held for a day. The next holder
/// of such a lease begins again at its first fence; the owner in it still refuses an older one.
/// </summary>
internal sealed partial class DeliveryCleanUp(
    IServiceScopeFactory scopes, DatabaseOutage outage, TimeProvider time, ILogger<DeliveryCleanUp> logger) : BackgroundService
{
    /// <summary>Sent or not: what could not be sent within hours is no news any more.</summary>
    public static readonly TimeSpan DirectMessagesAreKept = TimeSpan.FromDays(30);

    public static readonly TimeSpan LeasesAreKept = TimeSpan.FromDays(1);

    private const int Limit = 1000;

    private const string OldDirectMessages = """
        DELETE FROM direct_messages WHERE id IN (
            SELECT id FROM direct_messages WHERE created_at < now() - $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
        """;

    private const string OldLeases = """
        DELETE FROM leases WHERE name IN (SELECT name FROM leases WHERE expires_at < now() - $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
        """;

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not the relay's pool.
        DatabasePool.EnterRequests();
        try
        {
            while (true)
            {
                // Jitter, so that replicas that start together do not clean up together.
                await Task.Delay(Interval * (0.8 + 0.4 * Random.Shared.NextDouble()), time, stoppingToken);
                await CleanUpAsync(OldDirectMessages, DirectMessagesAreKept, stoppingToken);
                await CleanUpAsync(OldLeases, LeasesAreKept, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left is deleted after the next start.
        }
    }

    private async Task CleanUpAsync(string delete, TimeSpan age, CancellationToken ct)
    {
        try
        {
            while (await DeleteAsync(delete, age, ct) == Limit)
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, ct);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            if (!outage.Met(failure))
                LogFailed(failure.InWords());
        }
    }

    private async Task<int> DeleteAsync(string delete, TimeSpan age, CancellationToken ct)
    {
        await using var command = await ScopedCommand.OpenAsync(scopes, delete, ct, age, Limit);
        return await command.Command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(LogLevel.Warning, "Delivery: the clean-up failed and is tried again at its next turn: {Reason}")]
    private partial void LogFailed(string reason);
}
