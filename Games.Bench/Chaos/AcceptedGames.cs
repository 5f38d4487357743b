namespace Games.Bench.Chaos;

/// <summary>The games, and in a mix the other requests, that have been accepted, and a limit up to which the clients may send more.</summary>
/// <param name="requests">How many are to be accepted.</param>
internal sealed class AcceptedGames(int requests)
{
    private readonly Lock _lock = new();
    private readonly List<Guid> _ids = [];
    private TaskCompletionSource _limitRaised = Signal();
    private (int Count, TaskCompletionSource Reached) _milestone = (int.MaxValue, Signal());
    private int _limit;
    private int _count;

    public int Count => Read(() => _count);

    /// <summary>Whether the clients wait for a higher limit.</summary>
    public bool IsHeld => Read(() => _limit < requests && _count >= _limit);

    /// <summary>In the order of their answers.</summary>
    public IReadOnlyList<Guid> Ids => Read(() => _ids.ToArray());

    public void Add(Guid game)
    {
        lock (_lock)
        {
            _ids.Add(game);
            CountOneMore();
        }
    }

    /// <summary>A request that has made no game.</summary>
    public void AddChange()
    {
        lock (_lock)
            CountOneMore();
    }

    public void RaiseLimitTo(int count)
    {
        lock (_lock)
        {
            _limit = count;
            _limitRaised.SetResult();
            _limitRaised = Signal();
        }
    }

    /// <summary>Waits until one more request may be sent; false when there are enough.</summary>
    public async Task<bool> MayPostAsync(CancellationToken ct)
    {
        while (true)
        {
            var (count, limit, limitRaised) = Read(() => (_count, _limit, _limitRaised.Task));
            if (count >= requests)
                return false;
            if (count < limit)
                return true;
            await limitRaised.WaitAsync(ct);
        }
    }

    /// <summary>Waits until so many are accepted. It has one caller at a time.</summary>
    public Task ReachedAsync(int count, CancellationToken ct)
    {
        lock (_lock)
        {
            if (_count >= count)
                return Task.CompletedTask;
            _milestone = (count, Signal());
            return _milestone.Reached.Task.WaitAsync(ct);
        }
    }

    private void CountOneMore()
    {
        if (++_count >= _milestone.Count)
            _milestone.Reached.TrySetResult();
    }

    private T Read<T>(Func<T> read)
    {
        lock (_lock)
            return read();
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
