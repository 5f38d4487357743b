using Games.Contracts;
using Games.ServiceDefaults;
using MassTransit;

namespace Games.Bot.Delivery;

/// <summary>
/// Tells the delivery that something may be wanted: whatever a consumer of this process has written is committed when its message is done. What
/// other processes write is found by a look at the table.
/// </summary>
internal sealed class DeliveryWakeUp : ReceiveObserver
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

    public Task WaitAsync(TimeSpan longest, CancellationToken ct) => _signal.WaitAsync(longest, ct);

    public override Task PostReceive(ReceiveContext context)
    {
        // Not what is ingested: nothing of that is to be said.
        if (!context.InputAddress.AbsolutePath.EndsWith($"/{Queues.IngestMessage}", StringComparison.Ordinal))
            Set();
        return Task.CompletedTask;
    }
}
