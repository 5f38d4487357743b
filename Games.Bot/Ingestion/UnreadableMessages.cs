using Games.Contracts;
using MassTransit;

namespace Games.Bot.Ingestion;

/// <summary>Counts what is given up before any filter sees it, because it cannot be read as the event that it says it is.</summary>
internal sealed class UnreadableMessages(IngestionMetrics metrics) : IReceiveObserver
{
    public Task ReceiveFault(ReceiveContext context, Exception exception)
    {
        // With it, the filter has counted it.
        if (context.InputAddress.AbsolutePath.EndsWith($"/{Queues.IngestMessage}", StringComparison.Ordinal)
            && exception.IsInvalidMessage() && !context.TryGetPayload<Ingested>(out _))
        {
            metrics.Invalid();
        }

        return Task.CompletedTask;
    }

    public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => Task.CompletedTask;

    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => Task.CompletedTask;
}
