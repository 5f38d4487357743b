namespace Games.DiscordClient.Rest;

/// <summary>
/// What holds for all requests of a bot but answers to interactions: so many a second, the pauses that Discord asks for, and the 10,000 invalid
/// requests in 10 min after which it bans an address. Far below that every refusal by a rate limit pauses all of them and lets them begin anew
/// one by one, as they should be rare; and a budget of one half slows down what is forbidden.
/// </summary>
internal sealed class GlobalLimit(TimeProvider time, int perSecondInAll)
{
    /// <summary>Refusals by rate limits in a window that are nobody's fault.</summary>
    internal const int FreeRefusals = 20;

    /// <summary>The refusals that a window shall not reach: 1 % of what Discord allows.</summary>
    internal const int MaxRefusals = 100;

    /// <summary>Invalid requests from which on each one costs a pause, and those that a window shall not reach.</summary>
    internal const int FreeInvalid = 1_000;

    internal const int MaxInvalid = 5_000;

    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Queue<DateTimeOffset> _sent = new();
    private readonly Queue<DateTimeOffset> _refused = new();
    private readonly Queue<DateTimeOffset> _invalid = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTimeOffset _blocked;
    private int _atOnce = int.MaxValue;
    private volatile int _sharers = 1;
    private int _inFlight;

    /// <summary>How many processes send for the same bot: each sends its part of what is let through in a second.</summary>
    public int Sharers
    {
        get => _sharers;
        set => _sharers = Math.Max(value, 1);
    }

    private int PerSecond => Math.Max(perSecondInAll / _sharers, 1);

    /// <summary>Invalid requests of the last 10 min.</summary>
    public int Invalid
    {
        get
        {
            lock (_lock)
                return CountOf(_invalid, time.GetUtcNow());
        }
    }

    /// <summary>Waits until one more may be sent. <see cref="Return"/> must follow.</summary>
    /// <param name="goesFirst">Whether it waits for a pause alone, and not for what others send: for the few calls that all else waits for.</param>
    /// <param name="longest">It gives up rather than wait for longer.</param>
    /// <param name="waits">Is told of each wait.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="DiscordRateLimitException">It would take longer than that.</exception>
    public async Task TakeAsync(bool goesFirst, TimeSpan longest, Action<TimeSpan>? waits, CancellationToken ct)
    {
        var start = time.GetUtcNow();
        while (true)
        {
            Task changed;
            TimeSpan wait;
            lock (_lock)
            {
                if (TryTake(goesFirst, out wait))
                    return;
                changed = _changed.Task;
            }

            if (wait != Timeout.InfiniteTimeSpan)
            {
                if (time.GetUtcNow() - start + wait > longest)
                    throw new DiscordRateLimitException(wait, 0);
                waits?.Invoke(wait);
            }

            await Task.WhenAny(changed, Task.Delay(wait, time, ct));
            ct.ThrowIfCancellationRequested();
        }
    }

    /// <summary>One that was taken is answered; null: it was not sent, or no answer came.</summary>
    public void Return(Answer? answer)
    {
        lock (_lock)
        {
            _inFlight--;
            if (answer is not null)
                Learn(answer);
            if (answer is { IsRateLimit: false } && _atOnce < PerSecond)
                _atOnce++;
            else if (_atOnce >= PerSecond)
                _atOnce = int.MaxValue;
            Signal();
        }
    }

    /// <summary>An answer to a request that was not taken here: it counts for the ban.</summary>
    public void Learn(Answer answer)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (answer.IsInvalidRequest)
            {
                _invalid.Enqueue(now);
                Pause(now, CountOf(_invalid, now), FreeInvalid, MaxInvalid);
            }

            if (!answer.IsRateLimit || answer.Scope == "shared")
                return;

            _refused.Enqueue(now);
            if (Pause(now, CountOf(_refused, now), FreeRefusals, MaxRefusals))
                _atOnce = 1;
            if (answer.IsGlobal && now + answer.Wait > _blocked)
                _blocked = now + answer.Wait;
        }
    }

    // So long that even if every further request came to nothing, what is left would last for a window.
    private bool Pause(DateTimeOffset now, int count, int free, int most)
    {
        if (count <= free)
            return false;

        var pause = Window / Math.Max(most - count, 1);
        var until = now + (pause < LongestPause ? pause : LongestPause);
        _blocked = until > _blocked ? until : _blocked;
        return true;
    }

    private bool TryTake(bool goesFirst, out TimeSpan wait)
    {
        var now = time.GetUtcNow();
        wait = _blocked - now;
        if (wait > TimeSpan.Zero)
            return false;

        wait = Timeout.InfiniteTimeSpan;
        if (_inFlight >= _atOnce && !goesFirst)
            return false;

        while (_sent.TryPeek(out var first) && now - first >= TimeSpan.FromSeconds(1))
            _sent.Dequeue();
        if (_sent.Count >= PerSecond && !goesFirst)
        {
            wait = _sent.Peek() + TimeSpan.FromSeconds(1) - now;
            return false;
        }

        _sent.Enqueue(now);
        _inFlight++;
        return true;
    }

    private static int CountOf(Queue<DateTimeOffset> times, DateTimeOffset now)
    {
        while (times.TryPeek(out var first) && now - first >= Window)
            times.Dequeue();
        return times.Count;
    }

    private void Signal()
    {
        var changed = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }
}
