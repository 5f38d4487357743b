using System.Collections.Concurrent;
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

    private readonly ConcurrentDictionary<int, Queue> _queues = [];

    /// <summary>
    /// Waits until it is this shard's turn. To be disposed when IDENTIFY has been sent, or will not be: the next one's time begins then, as the way
    /// there may take one shard longer than another.
    /// </summary>
    public async Task<Turn> TakeAsync(int shard, CancellationToken ct)
    {
        var gateway = await ask(ct);
        while (gateway.SessionStartLimit is { } limit && limit.Remaining <= Math.Min(Reserve, limit.Total / 2))
        {
            var wait = TimeSpan.FromMilliseconds(Math.Clamp(limit.ResetAfter, 1_000, TimeSpan.FromDays(1).TotalMilliseconds));
            LogNoSessions(limit.Remaining, wait.TotalSeconds);
            await Task.Delay(wait, time, ct);
            gateway = await ask(ct);
        }

        var queue = _queues.GetOrAdd(shard % Math.Max(gateway.SessionStartLimit.MaxConcurrency, 1), _ => new());
        await queue.First.WaitAsync(ct);
        var turn = new Turn(queue, time, gateway.Url);
        try
        {
            if (queue.Next - time.GetUtcNow() is var wait && wait > TimeSpan.Zero)
                await Task.Delay(wait, time, ct);
            return turn;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Error,
        "Discord lets this bot start {Remaining} more sessions only: waiting {Wait:F0} s for more")]
    private partial void LogNoSessions(int remaining, double wait);

    /// <summary>Those that may identify one after the other.</summary>
    internal sealed class Queue
    {
        public SemaphoreSlim First { get; } = new(1);

        public DateTimeOffset Next { get; set; }
    }

    /// <param name="url">Where to connect to.</param>
    internal sealed class Turn(Queue queue, TimeProvider time, string url) : IDisposable
    {
        private bool _isOver;

        public string Url => url;

        public void Dispose()
        {
            if (_isOver)
                return;

            _isOver = true;
            queue.Next = time.GetUtcNow() + Interval;
            queue.First.Release();
        }
    }
}
