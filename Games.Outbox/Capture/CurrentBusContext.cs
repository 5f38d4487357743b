using MassTransit;
using MassTransit.DependencyInjection;

namespace Games.Outbox.Capture;

/// <summary>
/// Asks at each message which bus context is the scope's by now. An interceptor of the DbContext takes its IPublishEndpoint when the context is made,
/// in a consumer's scope before the inbox: what it publishes later must not pass the inbox by.
/// </summary>
internal sealed class CurrentBusContext(Func<ScopedBusContext> current) : ScopedBusContext, IPublishEndpoint, ISendEndpointProvider
{
    public ISendEndpointProvider SendEndpointProvider => this;

    public IPublishEndpoint PublishEndpoint => this;

    public IScopedClientFactory ClientFactory => current().ClientFactory;

    private IPublishEndpoint Publisher => current().PublishEndpoint;

    public Task<ISendEndpoint> GetSendEndpoint(Uri address) => current().SendEndpointProvider.GetSendEndpoint(address);

    public ConnectHandle ConnectSendObserver(ISendObserver observer) => current().SendEndpointProvider.ConnectSendObserver(observer);

    public ConnectHandle ConnectPublishObserver(IPublishObserver observer) => Publisher.ConnectPublishObserver(observer);

    public Task Publish<T>(T message, CancellationToken cancellationToken = default)
        where T : class => Publisher.Publish(message, cancellationToken);

    public Task Publish<T>(T message, IPipe<PublishContext<T>> publishPipe, CancellationToken cancellationToken = default)
        where T : class => Publisher.Publish(message, publishPipe, cancellationToken);

    public Task Publish<T>(T message, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default)
        where T : class => Publisher.Publish(message, publishPipe, cancellationToken);

    public Task Publish(object message, CancellationToken cancellationToken = default) => Publisher.Publish(message, cancellationToken);

    public Task Publish(object message, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default) =>
        Publisher.Publish(message, publishPipe, cancellationToken);

    public Task Publish(object message, Type messageType, CancellationToken cancellationToken = default) =>
        Publisher.Publish(message, messageType, cancellationToken);

    public Task Publish(object message, Type messageType, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default) =>
        Publisher.Publish(message, messageType, publishPipe, cancellationToken);

    public Task Publish<T>(object values, CancellationToken cancellationToken = default)
        where T : class => Publisher.Publish<T>(values, cancellationToken);

    public Task Publish<T>(object values, IPipe<PublishContext<T>> publishPipe, CancellationToken cancellationToken = default)
        where T : class => Publisher.Publish(values, publishPipe, cancellationToken);

    public Task Publish<T>(object values, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default)
        where T : class => Publisher.Publish<T>(values, publishPipe, cancellationToken);
}
