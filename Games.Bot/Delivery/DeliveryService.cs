using System.Collections.Concurrent;
using Games.Data;
using Games.DiscordClient;
using Games.DiscordClient.Rest;
using Games.Outbox.Outages;

namespace Games.Bot.Delivery;

/// <summary>
/// Brings what is wanted to Discord: a worker for each channel and each user to whom something is due, side by side, so that none waits for
/// another. Several bots share them by leases; what a dead one had is another's when its leases are over.
/// </summary>
internal sealed partial class DeliveryService(
    DeliveryStore store, LeaseStore leases, AnnouncementDelivery announcements, DirectMessageDelivery directMessages, DiscordRestClient discord,
    DeliveryStatus status, DeliveryWakeUp wakeUp, DatabaseOutage outage, TimeProvider time, ILogger<DeliveryService> logger) : BackgroundService
{
    private const int MaxWorkers = 128;

    /// <summary>For what has become due, and what another bot has left. What this process writes wakes it at once.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan DatabasePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TokenPause = TimeSpan.FromSeconds(30);

    private readonly Guid _owner = Guid.NewGuid();
    private readonly ConcurrentDictionary<string, Worker> _workers = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not the relay's pool: many workers read at once.
        DatabasePool.EnterRequests();
        var renewing = RenewAsync(stoppingToken);
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                var pause = await StartWorkersAsync(stoppingToken);
                if (pause == LookInterval)
                    await wakeUp.WaitAsync(pause, stoppingToken);
                else
                    await Task.Delay(pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The workers hear of it too.
        }

        await Task.WhenAll([renewing, .. _workers.Values.Select(worker => worker.Done)]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<TimeSpan> StartWorkersAsync(CancellationToken ct)
    {
        try
        {
            if (status.Problem is not null && !await IsAcceptedAsync(ct))
                return TokenPause;
            if (_workers.Count >= MaxWorkers)
                return LookInterval;

            foreach (var lease in await store.ClaimAsync(_owner, [.. _workers.Keys], MaxWorkers - _workers.Count, ct))
            {
                var worker = new Worker(lease, time.GetTimestamp(), CancellationTokenSource.CreateLinkedTokenSource(ct));
                _workers[lease.Name] = worker;
                worker.Done = Task.Run(() => WorkAsync(worker), CancellationToken.None);
            }

            outage.Works(this);
            return LookInterval;
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            Told(failure);
            return DatabasePause;
        }
    }

    private async Task WorkAsync(Worker worker)
    {
        var ct = worker.Stop.Token;
        try
        {
            while (status.Problem is null && await DeliverNextAsync(worker.Lease, ct))
            {
            }
        }
        catch (LeaseLostException lost)
        {
            LogLeaseLost(lost.Message);
        }
        catch (TokenRefusedException refused)
        {
            if (status.Problem is null)
                LogTokenRefused(refused.Message);
            status.Problem = refused.Message;
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            Told(failure);
            // The lease stays until its end, which is a pause for whoever comes next.
            worker.IsToRelease = false;
        }
        catch (OperationCanceledException)
        {
            // The lease is lost, or the service stops.
        }

        await EndAsync(worker);
    }

    private async Task<bool> DeliverNextAsync(HeldLease lease, CancellationToken ct)
    {
        if (DeliveryStore.ChannelOf(lease) is { } channelId)
        {
            if (await store.NextAnnouncementAsync(channelId, ct) is not { } announcement)
                return false;
            await announcements.DeliverAsync(lease, announcement, ct);
        }
        else
        {
            if (await store.NextDirectMessageAsync(DeliveryStore.UserOf(lease), ct) is not { } message)
                return false;
            await directMessages.DeliverAsync(lease, message, ct);
        }

        return true;
    }

    private async Task EndAsync(Worker worker)
    {
        try
        {
            if (worker.IsToRelease)
            {
                using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2), time);
                await leases.ReleaseAsync(worker.Lease, timeout.Token);
            }
        }
        catch (Exception failure)
        {
            // It ends by itself.
            outage.Met(failure);
        }

        _workers.TryRemove(worker.Lease.Name, out _);
        worker.Stop.Dispose();
        // Something may have become due after its last look.
        wakeUp.Set();
    }

    private async Task RenewAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            await Task.Delay(LeaseStore.RenewalInterval, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Worker[] workers = [.. _workers.Values];
            if (workers is [] || ct.IsCancellationRequested)
                continue;

            var asked = time.GetTimestamp();
            HashSet<string>? held = null;
            try
            {
                held = await leases.RenewAsync(_owner, [.. workers.Select(worker => worker.Lease)], ct);
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                Told(failure);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            foreach (var worker in workers)
            {
                if (held?.Contains(worker.Lease.Name) is true)
                    worker.Renewed = asked;
                else if (held is not null || time.GetElapsedTime(worker.Renewed) > LeaseStore.Duration)
                    worker.Cancel();
            }
        }
    }

    private async Task<bool> IsAcceptedAsync(CancellationToken ct)
    {
        try
        {
            await discord.GetCurrentUserAsync(ct);
            status.Problem = null;
            LogTokenAccepted();
            return true;
        }
        catch (DiscordException)
        {
            return false;
        }
    }

    private void Told(Exception failure)
    {
        if (!outage.Met(failure, this))
            LogFailed(failure.InWords());
    }

    [LoggerMessage(LogLevel.Error, "{Problem}. Nothing is delivered until it is taken")]
    private partial void LogTokenRefused(string problem);

    [LoggerMessage(LogLevel.Information, "Discord takes the token again")]
    private partial void LogTokenAccepted();

    [LoggerMessage(LogLevel.Information, "{Reason} Another bot goes on")]
    private partial void LogLeaseLost(string reason);

    [LoggerMessage(LogLevel.Error, "A delivery to Discord has failed: {Reason}")]
    private partial void LogFailed(string reason);

    private sealed class Worker(HeldLease lease, long renewed, CancellationTokenSource stop)
    {
        private long _renewed = renewed;

        public HeldLease Lease => lease;

        public CancellationTokenSource Stop => stop;

        public Task Done { get; set; } = Task.CompletedTask;

        public bool IsToRelease { get; set; } = true;

        public long Renewed
        {
            get => Volatile.Read(ref _renewed);
            set => Volatile.Write(ref _renewed, value);
        }

        public void Cancel()
        {
            try
            {
                stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has ended by itself.
            }
        }
    }
}
