using Games.Bot.Gateway;
using Games.Data;
using Games.DiscordClient.Rest;
using Games.Outbox.Outages;

namespace Games.Bot.Delivery;

/// <summary>
/// Each bot with a token tells by a lease that it lives. Discord lets the account send so many requests a second, whichever of its processes sends
/// them: each sends its part. And the operator's console reads there what keeps a bot from Discord.
/// </summary>
internal sealed partial class BotPresence(
    IServiceScopeFactory scopes, DiscordRestClient discord, DeliveryStatus delivery, GatewayStatus gateway, DatabaseOutage outage, TimeProvider time,
    ILogger<BotPresence> logger) : BackgroundService
{
    private const string Prefix = Lease.BotPrefix;

    private readonly Guid _owner = Guid.NewGuid();
    private int _sharers;
    private bool _isFailing;

    // Nothing is sent before it is known.
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await CountAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TellAsync("DELETE FROM leases WHERE name = $1", cancellationToken, $"{Prefix}{_owner}");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(LeaseStore.RenewalInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested)
                await CountAsync(stoppingToken);
        }
    }

    private async Task CountAsync(CancellationToken ct)
    {
        const string Count = $"""
            WITH own AS (
                INSERT INTO leases (name, owner, fence, expires_at, problem) VALUES ($1, $2, 1, now() + $3, nullif($4, ''))
                ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at, problem = excluded.problem
            ), dead AS (
                DELETE FROM leases WHERE name LIKE '{Prefix}%' AND name <> $1 AND expires_at < now() - interval '1 min'
            )
            SELECT 1 + count(*) FROM leases WHERE name LIKE '{Prefix}%' AND name <> $1 AND expires_at > now()
            """;
        if (await TellAsync(Count, ct, $"{Prefix}{_owner}", _owner, LeaseStore.Duration, Problem()) is not long sharers || sharers == _sharers)
            return;

        if (sharers > 1 || _sharers > 1)
            LogSharers(sharers);
        discord.Sharers = _sharers = (int)sharers;
    }

    private string Problem()
    {
        var problem = delivery.Problem ?? gateway.Refusal ?? gateway.Client?.Problem ?? "";
        return problem.Length <= Lease.ProblemMaxLength ? problem : problem[..Lease.ProblemMaxLength];
    }

    private async Task<object?> TellAsync(string sql, CancellationToken ct, params object[] parameters)
    {
        try
        {
            DatabasePool.EnterRequests();
            await using var command = await ScopedCommand.OpenAsync(scopes, sql, ct, parameters);
            var answer = await command.Command.ExecuteScalarAsync(ct);
            _isFailing = false;
            return answer;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // It is told again in a second, and a dead one's lease ends by itself.
            if (!outage.Met(failure) && !_isFailing)
                LogFailed(failure.InWords());
            _isFailing = true;
            return null;
        }
        catch (OperationCanceledException)
        {
            // The bot stops.
            return null;
        }
    }

    [LoggerMessage(LogLevel.Information, "Discord's limit of requests a second is shared by {Count} bot(s)")]
    private partial void LogSharers(long count);

    [LoggerMessage(LogLevel.Error, "The bot cannot tell that it lives: {Reason}")]
    private partial void LogFailed(string reason);
}
