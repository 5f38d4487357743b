using Games.Contracts;
using Games.ServiceDefaults;
using MassTransit;

namespace Games.Bot.Ingestion;

/// <summary>Counts what is given up before any filter sees it, because it cannot be read as the event that it says it is.</summary>
internal sealed class UnreadableMessages(IngestionMetrics metrics) : ReceiveObserver
{
    public override Task ReceiveFault(ReceiveContext context, Exception exception)
    {
        // With it, the filter has counted it.
        if (context.InputAddress.AbsolutePath.EndsWith($"/{Queues.IngestMessage}", StringComparison.Ordinal)
            && exception.IsInvalidMessage() && !context.TryGetPayload<Ingested>(out _))
        {
            metrics.Invalid();
        }

        return Task.CompletedTask;
    }
}
