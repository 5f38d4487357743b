using MassTransit;
using MassTransit.DependencyInjection;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Outbox.Capture;

/// <summary>
/// Gives a scope its bus context: the consumer's own inside a consumer, the outbox elsewhere. The DbContext is asked for with the first message and
/// not before, since what its options are made of may take an IPublishEndpoint.
/// </summary>
internal sealed class OutboxScopedBusContextProvider<TBus, TDbContext> : IScopedBusContextProvider<TBus>
    where TBus : class, IBus
    where TDbContext : DbContext
{
    private readonly TBus _bus;
    private readonly IClientFactory _clients;
    private readonly IScopedConsumeContextProvider _ofBus;
    private readonly IScopedConsumeContextProvider _ofAny;
    private readonly IServiceProvider _provider;
    private readonly CaptureSettings<TDbContext> _settings;
    private (ConsumeContext? For, ScopedBusContext Context)? _current;

    public OutboxScopedBusContextProvider(
        TBus bus, Bind<TBus, IClientFactory> clients, Bind<TBus, IScopedConsumeContextProvider> busConsumeContext,
        IScopedConsumeContextProvider consumeContext, IServiceProvider provider, CaptureSettings<TDbContext> settings)
    {
        (_bus, _clients, _ofBus, _ofAny) = (bus, clients.Value, busConsumeContext.Value, consumeContext);
        (_provider, _settings) = (provider, settings);
        Context = new CurrentBusContext(Current);
    }

    public ScopedBusContext Context { get; }

    private DbContext DbContext => _provider.GetRequiredService<CapturingContext<TDbContext>>().DbContext;

    private ScopedBusContext Current()
    {
        var consuming = _ofBus.HasContext ? _ofBus.GetContext() : _ofAny.HasContext ? _ofAny.GetContext() : null;
        if (_current is { } current && current.For == consuming)
            return current.Context;

        ScopedBusContext context = consuming is null ? Outbox(_bus, _bus, null)
            : _ofBus.HasContext ? new ConsumeContextScopedBusContext(consuming, _clients)
            : Outbox(new ScopedConsumePublishEndpointProvider(_bus, consuming, _provider),
                new ScopedConsumeSendEndpointProvider(_bus, consuming, _provider), consuming);
        _current = (consuming, context);

        return context;
    }

    private OutboxScopedBusContext Outbox(IPublishEndpointProvider publishes, ISendEndpointProvider sends, ConsumeContext? consuming) =>
        new(() => DbContext, _settings, publishes, sends, _clients, consuming, _provider);
}
