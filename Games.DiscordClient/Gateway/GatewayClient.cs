using Games.DiscordClient.Rest;
using Microsoft.Extensions.Logging;

namespace Games.DiscordClient.Gateway;

/// <summary>Discord's gateway: what happens in the guilds of a bot, as long as it runs. One process at a time may run it for a bot.</summary>
public sealed partial class GatewayClient(
    DiscordRestClient rest, GatewayOptions options, ISessionStore sessions, TimeProvider time, ILogger<GatewayClient> logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private readonly SteadyTime _time = new(time);

    private volatile GatewayShard[] _shards = [];
    private volatile string? _problem = "not started";

    /// <summary>Why something that happens might not be heard of; null while every shard is connected.</summary>
    public string? Problem => _problem ?? Array.Find(_shards, shard => shard.Problem is not null)?.Problem;

    /// <summary>
    /// Runs until it is cancelled. The connection is closed then so that whoever has the sessions' store may go on.
    /// </summary>
    /// <param name="handle">
    /// Is called for each event at least once: for an interaction when it comes, for the others as many of a shard at once as the options say. An
    /// exception is logged, and the event counts as handled.
    /// </param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="GatewayRefusedException">The token, the intents or the sharding are wrong.</exception>
    /// <exception cref="DiscordApiException">Discord refuses the bot (401).</exception>
    public async Task RunAsync(Func<GatewayEvent, CancellationToken, Task> handle, CancellationToken ct)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(ct);
        List<Task> running = [];
        try
        {
            var gateway = await AskAsync(ct);
            var turns = new IdentifyTurns(AskAsync, _time, logger);
            var count = Math.Max(gateway.Shards, 1);
            _shards =
            [
                .. Enumerable.Range(0, count).Select(index => new GatewayShard(index, count, options, turns, sessions, handle, _time, logger)),
            ];
            _problem = null;
            running.AddRange(_shards.Select(shard => shard.RunAsync(gateway.Url, all.Token)));
            await await Task.WhenAny(running);
            ct.ThrowIfCancellationRequested();
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            _problem = failure.Message;
            throw;
        }
        finally
        {
            await all.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // What cannot be answered now may be later; what is refused is not asked again.
    private async Task<GatewayBot> AskAsync(CancellationToken ct)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var gateway = await rest.GetGatewayAsync(ct);
                _problem = _shards is [] ? _problem : null;
                return gateway;
            }
            catch (DiscordException failure) when (failure is not DiscordApiException { IsRetryable: false })
            {
                _problem = failure.Message;
                var wait = failure is DiscordRateLimitException limit && limit.Wait > pause ? limit.Wait : pause;
                LogNoGateway(failure.Message, wait.TotalSeconds);
                await Task.Delay(wait, _time, ct);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Discord does not say where its gateway is ({Reason}): next try in {Pause:F0} s")]
    private partial void LogNoGateway(string reason, double pause);
}
