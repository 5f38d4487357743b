namespace Games.Outbox.Database;

/// <summary>Why somebody looks at a table.</summary>
public enum WakeUpSource
{
    /// <summary>This process has committed rows.</summary>
    Commit,

    /// <summary>Another process has sent a notification.</summary>
    Notify,

    /// <summary>The table was looked at and has rows that are due.</summary>
    Poll,

    /// <summary>The connection for notifications is new, or lost: some may have been missed.</summary>
    Reconnect
}

/// <summary>A level-triggered signal: set during a pass, it ends the next wait at once; set many times, it ends one.</summary>
public sealed class WakeUp
{
    private readonly SemaphoreSlim _signal = new(0, 1);

    /// <summary>Sets the signal.</summary>
    public void Set()
    {
        try
        {
            if (_signal.CurrentCount == 0)
                _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another has set it at the same moment, which is as good.
        }
    }

    /// <summary>Waits for the signal or until the time is over, and takes the signal: true if there was one.</summary>
    public Task<bool> WaitAsync(TimeSpan longest, CancellationToken ct) => _signal.WaitAsync(longest, ct);
}
