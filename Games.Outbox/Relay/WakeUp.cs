namespace Games.Outbox.Relay;

/// <summary>Why a relay looks at the table.</summary>
internal enum WakeUpSource
{
    /// <summary>This process has committed rows.</summary>
    Commit,

    /// <summary>Another process says that rows wait.</summary>
    Notify,

    /// <summary>The table was looked at and has rows that are due.</summary>
    Poll,

    /// <summary>The connection for notifications is new, or lost: whatever they would have said.</summary>
    Reconnect
}

/// <summary>A level-triggered signal: set during a pass, it ends the next wait at once; set many times, it ends one.</summary>
internal sealed class WakeUp
{
    private readonly SemaphoreSlim _signal = new(0, 1);

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
