namespace Games.Outbox.Relay;

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

    /// <summary>Waits for the signal or until the time is over, and takes the signal.</summary>
    public Task WaitAsync(TimeSpan longest, CancellationToken ct) => _signal.WaitAsync(longest, ct);
}
