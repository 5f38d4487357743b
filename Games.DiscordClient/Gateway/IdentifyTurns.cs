using Games.DiscordClient.Rest;
using Microsoft.Extensions.Logging;

namespace Games.DiscordClient.Gateway;

/// <summary>
/// Lets shards identify no faster than Discord allows: so many in 5 s, and 1,000 a day, after which it would reset the token. So a session that
/// cannot be kept costs time, and not the account.
/// </summary>
internal sealed partial class IdentifyTurns(Func<CancellationToken, Task<GatewayBot>> ask, TimeProvider time, ILogger logger)
{
    /// <summary>Kept for people who start the bot by hand.</summary>
    private const int Reserve = 10;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5.1);

    private readonly Lock _lock = new();
    private readonly Dictionary<int, DateTimeOffset> _next = [];

    /// <summary>Where to connect to, once it is this shard's turn.</summary>
    public async Task<string> WaitAsync(int shard, CancellationToken ct)
    {
        var gateway = await ask(ct);
        while (gateway.SessionStartLimit is { } limit && limit.Remaining <= Math.Min(Reserve, limit.Total / 2))
        {
            var wait = TimeSpan.FromMilliseconds(Math.Clamp(limit.ResetAfter, 1_000, TimeSpan.FromDays(1).TotalMilliseconds));
            LogNoSessions(limit.Remaining, wait.TotalSeconds);
            await Task.Delay(wait, time, ct);
            gateway = await ask(ct);
        }

        TimeSpan turn;
        lock (_lock)
        {
            var key = shard % Math.Max(gateway.SessionStartLimit.MaxConcurrency, 1);
            var now = time.GetUtcNow();
            var at = _next.TryGetValue(key, out var next) && next > now ? next : now;
            _next[key] = at + Interval;
            turn = at - now;
        }

        if (turn > TimeSpan.Zero)
            await Task.Delay(turn, time, ct);
        return gateway.Url;
    }

    [LoggerMessage(LogLevel.Error,
        "Discord lets this bot start {Remaining} more sessions only: waiting {Wait:F0} s for more")]
    private partial void LogNoSessions(int remaining, double wait);
}
