using Games.Bot.Delivery;
using Games.Bot.Interactions;
using Games.Data;
using Games.DiscordClient;
using Games.DiscordClient.Gateway;
using Games.DiscordClient.Rest;
using Games.Outbox.Outages;

namespace Games.Bot.Gateway;

/// <summary>
/// Hears what happens in Discord. One of several bots does, by a lease; whoever takes over goes on with its session, so that nothing is missed.
/// </summary>
internal sealed partial class GatewayService(
    LeaseStore leases, SessionStore sessions, DiscordEvents events, CommandRegistration commands, GatewayStatus status, DiscordRestClient discord,
    DiscordOptions options, DatabaseOutage outage, TimeProvider time, ILoggerFactory loggers, ILogger<GatewayService> logger)
    : BackgroundService
{
    private const string LeaseName = "gateway";

    private static readonly TimeSpan TakeInterval = TimeSpan.FromSeconds(0.5);

    // A refusal is for people to mend, and the number of sessions a day is limited. A request counts for little.
    private static readonly TimeSpan RefusalPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan UnauthorizedPause = TimeSpan.FromSeconds(30);

    // Versions of a message find their order by themselves, in whichever they come.
    private const int HandledAtOnce = 8;

    private readonly Guid _owner = Guid.NewGuid();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DatabasePool.EnterRequests();
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = TakeInterval;
            try
            {
                if (await leases.TryTakeAsync(LeaseName, _owner, stoppingToken) is { } lease)
                    pause = await HoldAsync(lease, stoppingToken);
                else
                    // Another is heard now: what this one was refused for says nothing of it.
                    status.Refusal = null;
                outage.Works(this);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                if (!outage.Met(failure, this))
                    LogFailed(failure.InWords());
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TimeSpan> HoldAsync(HeldLease lease, CancellationToken ct)
    {
        using var held = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var renewing = RenewAsync(lease, held);
        sessions.Lease = lease;
        var gateway = status.Client = new(
            discord, new() { Token = options.Token!, Intents = IntentsOf(options), HandledAtOnce = HandledAtOnce }, sessions, time,
            loggers.CreateLogger<GatewayClient>());
        try
        {
            LogTaken();
            await gateway.RunAsync(HearAsync, held.Token);
            return TakeInterval;
        }
        catch (Exception failure) when (failure is GatewayRefusedException or DiscordApiException)
        {
            // The token may have been good again for a while when the gateway learns of it; a second refusal is one for people.
            var pause = failure is GatewayRefusedException && status.Refusal == failure.Message ? RefusalPause : UnauthorizedPause;
            if (status.Refusal != failure.Message)
                LogRefused(failure.Message, pause.TotalSeconds);
            status.Refusal = failure.Message;
            return pause;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return TakeInterval;
        }
        finally
        {
            (sessions.Lease, status.Client) = (null, null);
            await held.CancelAsync();
            await renewing;
            await ReleaseAsync(lease);
        }
    }

    private Task HearAsync(GatewayEvent received, CancellationToken ct)
    {
        // Beside the events: whoever takes over answers first those who wait since the other died. And at each new session, as a stand-in that was
        // started anew has forgotten the commands too.
        if (received.Type is "READY" or "RESUMED")
        {
            LogHears();
            _ = Task.Run(() => commands.RegisterAsync(ct), ct);
        }

        return events.HandleAsync(received, ct);
    }

    // Without intents that must be switched on there is nothing that a bot may not hear of.
    private static GatewayIntents IntentsOf(DiscordOptions options) => options.Channels is []
        ? GatewayIntents.Guilds
        : GatewayIntents.Guilds | GatewayIntents.GuildMessages | GatewayIntents.MessageContent;

    private async Task RenewAsync(HeldLease lease, CancellationTokenSource held)
    {
        var renewed = time.GetTimestamp();
        while (!held.IsCancellationRequested)
        {
            await Task.Delay(LeaseStore.RenewalInterval, time, held.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (held.IsCancellationRequested)
                return;

            var asked = time.GetTimestamp();
            try
            {
                if ((await leases.RenewAsync(_owner, [lease], held.Token)).Count == 0)
                    await held.CancelAsync();
                renewed = asked;
                outage.Works(this);
            }
            catch (Exception failure) when (!held.IsCancellationRequested)
            {
                if (!outage.Met(failure, this))
                    LogFailed(failure.InWords());
            }
            catch (OperationCanceledException)
            {
                return;
            }

            // By then another may have it.
            if (time.GetElapsedTime(renewed) > LeaseStore.Duration)
                await held.CancelAsync();
        }
    }

    private async Task ReleaseAsync(HeldLease lease)
    {
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2), time);
            await leases.ReleaseAsync(lease, timeout.Token);
        }
        catch (Exception failure)
        {
            // It ends by itself.
            outage.Met(failure);
        }
    }

    [LoggerMessage(LogLevel.Information, "This bot takes the gateway to Discord")]
    private partial void LogTaken();

    [LoggerMessage(LogLevel.Information, "This bot hears what happens in Discord")]
    private partial void LogHears();

    [LoggerMessage(LogLevel.Error, "{Reason}. Nothing that happens in Discord is heard; next try in {Pause:F0} s")]
    private partial void LogRefused(string reason, double pause);

    [LoggerMessage(LogLevel.Error, "The gateway cannot be held: {Reason}")]
    private partial void LogFailed(string reason);
}
