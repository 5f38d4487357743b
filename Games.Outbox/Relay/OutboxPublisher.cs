using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.Serialization;

namespace Games.Outbox.Relay;

/// <summary>Publishes stored messages and tells refusal from absence of the broker.</summary>
internal sealed class OutboxPublisher(IBusControl bus, OutboxOptions options)
{
    /// <summary>Whether the broker is there, as far as the bus knows.</summary>
    public bool BrokerIsReachable => bus.CheckHealth().Status is not BusHealthStatus.Unhealthy;

    public async Task<PublishOutcome> PublishAsync(OutboxMessage row)
    {
        if (row.DestinationAddress is null)
            return new(row, PublishResult.Refused, "The message has no destination address.");

        // Bounds the wait, not the publish: the transport never cancels a publish in flight, which would corrupt its confirms.
        using var timeout = new CancellationTokenSource(options.PublishTimeout);

        try
        {
            var endpoint = await bus.GetSendEndpoint(row.DestinationAddress);
            await endpoint.Send(new SerializedMessageBody(), new StoredMessagePipe(row, options.Mandatory), timeout.Token);

            return new(row, PublishResult.Confirmed);
        }
        catch (Exception exception)
        {
            return new(row, Classify(exception), $"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private PublishResult Classify(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            // The transports' own types, by name: this library knows no transport.
            if (cause.GetType().Name is "MessageReturnedException")
                return PublishResult.Unroutable;
            if (cause is ConnectionException or TransportUnavailableException or OperationCanceledException or IOException or System.Net.Sockets.SocketException
                || cause.GetType().Name is "AlreadyClosedException" or "OperationInterruptedException" or "BrokerUnreachableException")
            {
                return PublishResult.Unreachable;
            }
        }

        return BrokerIsReachable ? PublishResult.Refused : PublishResult.Unreachable;
    }
}
