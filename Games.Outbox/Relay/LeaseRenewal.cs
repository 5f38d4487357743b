using Games.Outbox.Outages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Relay;

/// <summary>Renews the leases of rows whose publish takes long, three times in the time of a lease.</summary>
internal sealed partial class LeaseRenewal<TDbContext>(
    RelayStore<TDbContext> store, OutboxOptions options, LeasedRows leased, DatabaseOutage outage, TimeProvider time, ILogger logger)
    where TDbContext : DbContext
{
    private readonly TimeSpan _interval = options.Lease / 3;

    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(_interval, time);

        try
        {
            while (await timer.WaitForNextTickAsync(ct))
                await RenewAsync();
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
        }
    }

    /// <summary>Renews what has been leased for a while; only what the database says is still ours counts as renewed.</summary>
    private async Task RenewAsync()
    {
        var aging = leased.OlderThan(_interval);
        if (aging.Length == 0)
            return;

        try
        {
            var now = time.GetTimestamp();
            leased.Renewed(await store.RenewAsync(aging, CancellationToken.None), now);
        }
        catch (Exception exception)
        {
            if (!outage.Met(exception))
                LogNotRenewed(aging.Length, exception.InWords());
        }
    }

    [LoggerMessage(LogLevel.Warning, "Outbox: the lease of {Count} row(s) could not be renewed: {Reason}")]
    private partial void LogNotRenewed(int count, string reason);
}
