using MassTransit;
using MassTransit.Clients;
using MassTransit.DependencyInjection;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Capture;

/// <summary>What a scope's IPublishEndpoint and ISendEndpointProvider are: everything sent becomes a row of the scope's DbContext.</summary>
internal sealed class OutboxScopedBusContext(
    Func<DbContext> dbContext,
    CaptureSettings settings,
    IPublishEndpointProvider publishes,
    ISendEndpointProvider sends,
    IClientFactory clients,
    ConsumeContext? consumeContext,
    IServiceProvider provider)
    : ScopedBusContext, OutboxSendContext
{
    private ISendEndpointProvider? _sendEndpointProvider;
    private IPublishEndpoint? _publishEndpoint;
    private IScopedClientFactory? _clientFactory;

    public ISendEndpointProvider SendEndpointProvider => _sendEndpointProvider ??= new OutboxSendEndpointProvider(this, sends);

    public IPublishEndpoint PublishEndpoint =>
        _publishEndpoint ??= new PublishEndpoint(new OutboxPublishEndpointProvider(this, publishes));

    // A request waits for its response, so it cannot wait for a commit: it goes past the outbox.
    public IScopedClientFactory ClientFactory =>
        _clientFactory ??= new ScopedClientFactory(new ClientFactory(new ScopedClientFactoryContext(clients, provider)), consumeContext);

    public Task AddSend<T>(SendContext<T> context)
        where T : class
    {
        OutboxSession.For(dbContext()).Add(context, settings);

        return Task.CompletedTask;
    }

    public object? GetService(Type serviceType) => provider.GetService(serviceType);
}
