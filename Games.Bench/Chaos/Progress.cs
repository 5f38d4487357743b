namespace Games.Bench.Chaos;

/// <summary>How many games have been accepted, and up to how many may be for now.</summary>
internal sealed class Progress(int games)
{
    private readonly Lock changing = new();
    private readonly List<Guid> accepted = [];
    private TaskCompletionSource raised = Signal();
    private (int Count, TaskCompletionSource Reached) milestone = (int.MaxValue, Signal());
    private int limit;

    public int Count
    {
        get
        {
            lock (changing)
                return accepted.Count;
        }
    }

    /// <summary>Whether the clients wait for <see cref="AdmitUpTo"/>.</summary>
    public bool IsHeld
    {
        get
        {
            lock (changing)
                return limit < games && accepted.Count >= limit;
        }
    }

    public IReadOnlyList<Guid> Accepted
    {
        get
        {
            lock (changing)
                return [.. accepted];
        }
    }

    public void Accept(Guid game)
    {
        lock (changing)
        {
            accepted.Add(game);
            if (accepted.Count >= milestone.Count)
                milestone.Reached.TrySetResult();
        }
    }

    public void AdmitUpTo(int count)
    {
        lock (changing)
        {
            limit = count;
            raised.SetResult();
            raised = Signal();
        }
    }

    /// <summary>Waits until one more game may be posted; false when there are enough.</summary>
    public async Task<bool> AdmittedAsync(CancellationToken ct)
    {
        while (true)
        {
            Task more;
            lock (changing)
            {
                if (accepted.Count >= games)
                    return false;
                if (accepted.Count < limit)
                    return true;
                more = raised.Task;
            }

            await more.WaitAsync(ct);
        }
    }

    /// <summary>Waits until so many games are accepted. One waits at a time.</summary>
    public Task ReachedAsync(int count, CancellationToken ct)
    {
        lock (changing)
        {
            if (accepted.Count >= count)
                return Task.CompletedTask;
            milestone = (count, Signal());
            return milestone.Reached.Task.WaitAsync(ct);
        }
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
