namespace Games.DiscordClient.Rest;

/// <summary>
/// What is left of one of Discord's rate limits. Until its first answer nothing is known of it, and one request is on its way at a time; from then
/// on as many as are left. Who waits comes in turn.
/// </summary>
internal sealed class Bucket(TimeProvider time)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turn = new(1);
    private TaskCompletionSource _changed = NewSignal();
    private int? _limit;
    private int _remaining = 1;
    private int _inFlight;
    private int _refusals;
    private DateTimeOffset _reset;
    private DateTimeOffset _blocked;
    private DateTimeOffset _used;

    /// <summary>Whether nothing would be lost without it.</summary>
    public bool IsIdle(DateTimeOffset now)
    {
        lock (_lock)
            return _inFlight == 0 && _turn.CurrentCount == 1 && now > _reset && now > _blocked && now - _used > LongestPause;
    }

    /// <summary>Waits until one more may be sent. <see cref="Return"/> must follow.</summary>
    /// <exception cref="DiscordRateLimitException">It would take longer than that.</exception>
    public async Task TakeAsync(TimeSpan longest, Action<TimeSpan>? waits, CancellationToken ct)
    {
        var start = time.GetUtcNow();
        await _turn.WaitAsync(ct);
        try
        {
            while (true)
            {
                Task changed;
                TimeSpan wait;
                lock (_lock)
                {
                    if (TryTake(out wait))
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
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>One that was taken is answered; null: it was not sent, or no answer came.</summary>
    public void Return(Answer? answer)
    {
        lock (_lock)
        {
            _inFlight--;
            _used = time.GetUtcNow();
            if (answer is not null)
                Learn(answer);
            else if (_limit is null)
                _remaining = 1;
            Signal();
        }
    }

    private bool TryTake(out TimeSpan wait)
    {
        var now = time.GetUtcNow();
        wait = _blocked - now;
        if (wait > TimeSpan.Zero)
            return false;

        if (_limit is { } limit && _remaining <= 0 && now >= _reset)
            _remaining = Math.Max(limit - _inFlight, 1);
        if (_remaining > 0)
        {
            _remaining--;
            _inFlight++;
            return true;
        }

        // Unknown: the first answer says.
        wait = _limit is null ? Timeout.InfiniteTimeSpan : _reset - now;
        return false;
    }

    private void Learn(Answer answer)
    {
        if (answer.IsRateLimit)
        {
            Refuse(answer);
            return;
        }

        _refusals = 0;
        if (answer is not { Limit: { } limit, Remaining: { } remaining, ResetAfter: { } resetAfter })
        {
            if (_limit is null)
                _remaining = 1;
            return;
        }

        var reset = _used + resetAfter;
        // Of the same window the lower is right, as answers can overtake each other; a new one has also to feed what is on its way.
        _remaining = _limit is null || reset > _reset + TimeSpan.FromSeconds(0.25)
            ? Math.Max(remaining - _inFlight, 0)
            : Math.Min(_remaining, remaining);
        (_limit, _reset) = (limit, reset > _reset ? reset : _reset);
    }

    // Refused again and again, it asks ever less often.
    private void Refuse(Answer answer)
    {
        if (answer.Limit is { } limit)
            _limit = limit;
        if (_limit is null)
            _remaining = 1;
        if (answer.IsGlobal)
            return;

        var pause = TimeSpan.FromSeconds(_refusals == 0 ? 0 : Math.Min(Math.Pow(2, _refusals - 1), LongestPause.TotalSeconds));
        _refusals++;
        _blocked = _used + (answer.Wait > pause ? answer.Wait : pause);
        if (_limit is not null)
            (_remaining, _reset) = (0, _blocked);
    }

    private void Signal()
    {
        var changed = _changed;
        _changed = NewSignal();
        changed.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
