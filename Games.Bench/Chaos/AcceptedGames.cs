namespace Games.Bench.Chaos;

/// <summary>The games that have been accepted, and a limit up to which the clients may post.</summary>
internal sealed class AcceptedGames(int games)
{
    private readonly Lock _lock = new();
    private readonly List<Guid> _ids = [];
    private TaskCompletionSource _limitRaised = Signal();
    private (int Count, TaskCompletionSource Reached) _milestone = (int.MaxValue, Signal());
    private int _limit;

    public int Count => Read(() => _ids.Count);

    /// <summary>Whether the clients wait for a higher limit.</summary>
    public bool IsHeld => Read(() => _limit < games && _ids.Count >= _limit);

    /// <summary>In the order of their answers.</summary>
    public IReadOnlyList<Guid> Ids => Read(() => _ids.ToArray());

    public void Add(Guid game)
    {
        lock (_lock)
        {
            _ids.Add(game);
            if (_ids.Count >= _milestone.Count)
                _milestone.Reached.TrySetResult();
        }
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

    /// <summary>Waits until one more game may be posted; false when there are enough.</summary>
    public async Task<bool> MayPostAsync(CancellationToken ct)
    {
        while (true)
        {
            var (count, limit, limitRaised) = Read(() => (_ids.Count, _limit, _limitRaised.Task));
            if (count >= games)
                return false;
            if (count < limit)
                return true;
            await limitRaised.WaitAsync(ct);
        }
    }

    /// <summary>Waits until so many games are accepted. It has one caller at a time.</summary>
    public Task ReachedAsync(int count, CancellationToken ct)
    {
        lock (_lock)
        {
            if (_ids.Count >= count)
                return Task.CompletedTask;
            _milestone = (count, Signal());
            return _milestone.Reached.Task.WaitAsync(ct);
        }
    }

    private T Read<T>(Func<T> read)
    {
        lock (_lock)
            return read();
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
