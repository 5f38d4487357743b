using MassTransit;
using RabbitMQ.Client.Exceptions;

namespace Games.Bot;

/// <summary>
/// Keeps the bot consuming after a lost connection. When a delivery ends after its channel was closed, MassTransit 8.4 closes that channel
/// once more, from within the delivery, and RabbitMQ.Client 7.1 waits there for all deliveries, this one too: for ever, and the endpoint
/// never comes back. It does so for <see cref="OperationInterruptedException"/> alone, so that must not be what the delivery ends with.
/// MassTransit 8.5 no longer closes there: delete this with the next version.
/// </summary>
internal sealed class ClosedChannelObserver : IReceiveObserver
{
    public Task ReceiveFault(ReceiveContext context, Exception exception) => exception is OperationInterruptedException
        ? throw new TransportUnavailableException("The channel closed before the delivery was acknowledged: RabbitMQ gives the message out again.", exception)
        : Task.CompletedTask;

    public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => Task.CompletedTask;

    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => Task.CompletedTask;
}
