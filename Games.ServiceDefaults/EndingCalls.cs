using MassTransit;
using MassTransit.RabbitMqTransport;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Games.ServiceDefaults;

/// <summary>
/// A channel whose calls end when it closes. RabbitMQ.Client 7.2.2 never answers a call that waits for its turn while the channel is disposed, and no
/// token or timeout ends it (its issue 1976, mended after that version): an endpoint whose connection breaks while MassTransit declares what it needs
/// would consume nothing until its process ends.
/// </summary>
internal sealed class EndingCalls : ScopeChannelContext, ChannelContext
{
    private readonly TaskCompletionSource<ShutdownEventArgs> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private EndingCalls(ChannelContext channel)
        : base(channel, channel.CancellationToken)
    {
        Channel.ChannelShutdownAsync += OnClosedAsync;
        // Closed before it was listened to.
        if (Channel.CloseReason is { } reason)
            _closed.TrySetResult(reason);
    }

    Task ChannelContext.ExchangeDeclare(
        string exchange, string type, bool durable, bool autoDelete, IDictionary<string, object> arguments, CancellationToken cancellationToken) =>
        EndAsync(ExchangeDeclare(exchange, type, durable, autoDelete, arguments, cancellationToken));

    Task ChannelContext.ExchangeDeclarePassive(string exchange, CancellationToken cancellationToken) =>
        EndAsync(ExchangeDeclarePassive(exchange, cancellationToken));

    Task ChannelContext.ExchangeBind(
        string destination, string source, string routingKey, IDictionary<string, object> arguments, CancellationToken cancellationToken) =>
        EndAsync(ExchangeBind(destination, source, routingKey, arguments, cancellationToken));

    Task<QueueDeclareOk> ChannelContext.QueueDeclare(
        string queue, bool durable, bool exclusive, bool autoDelete, IDictionary<string, object> arguments, CancellationToken cancellationToken) =>
        EndAsync(QueueDeclare(queue, durable, exclusive, autoDelete, arguments, cancellationToken));

    Task<QueueDeclareOk> ChannelContext.QueueDeclarePassive(string queue, CancellationToken cancellationToken) =>
        EndAsync(QueueDeclarePassive(queue, cancellationToken));

    Task ChannelContext.QueueBind(
        string queue, string exchange, string routingKey, IDictionary<string, object> arguments, CancellationToken cancellationToken) =>
        EndAsync(QueueBind(queue, exchange, routingKey, arguments, cancellationToken));

    Task<uint> ChannelContext.QueuePurge(string queue, CancellationToken cancellationToken) => EndAsync(QueuePurge(queue, cancellationToken));

    Task ChannelContext.BasicQos(uint prefetchSize, ushort prefetchCount, bool global, CancellationToken cancellationToken) =>
        EndAsync(BasicQos(prefetchSize, prefetchCount, global, cancellationToken));

    Task<string> ChannelContext.BasicConsume(
        string queue, bool noAck, bool exclusive, IDictionary<string, object> arguments, IAsyncBasicConsumer consumer, string consumerTag,
        CancellationToken cancellationToken) =>
        EndAsync(BasicConsume(queue, noAck, exclusive, arguments, consumer, consumerTag, cancellationToken));

    Task ChannelContext.BasicCancel(string consumerTag, CancellationToken cancellationToken) =>
        EndAsync(BasicCancel(consumerTag, cancellationToken));

    Task ChannelContext.BasicPublishAsync(
        string exchange, string routingKey, bool mandatory, BasicProperties basicProperties, byte[] body, bool awaitAck,
        CancellationToken cancellationToken) =>
        EndAsync(BasicPublishAsync(exchange, routingKey, mandatory, basicProperties, body, awaitAck, cancellationToken));

    private Task OnClosedAsync(object sender, ShutdownEventArgs reason)
    {
        _closed.TrySetResult(reason);

        return Task.CompletedTask;
    }

    private async Task EndAsync(Task call)
    {
        if (await Task.WhenAny(call, _closed.Task) != call)
            throw new AlreadyClosedException(await _closed.Task);

        await call;
    }

    private async Task<T> EndAsync<T>(Task<T> call)
    {
        await EndAsync((Task)call);

        return await call;
    }

    /// <summary>To be the first of a receive endpoint's channel.</summary>
    public sealed class Filter : IFilter<ChannelContext>
    {
        public async Task Send(ChannelContext context, IPipe<ChannelContext> next)
        {
            using var ending = new EndingCalls(context);
            await next.Send(ending);
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("endingCalls");
    }
}
