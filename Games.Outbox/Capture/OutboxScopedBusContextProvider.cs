using MassTransit;
using MassTransit.DependencyInjection;
using MassTransit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Capture;

/// <summary>Gives a scope its bus context: the consumer's own inside a consumer, the outbox elsewhere.</summary>
internal sealed partial class OutboxScopedBusContextProvider<TBus, TDbContext> : IScopedBusContextProvider<TBus>, IDisposable
    where TBus : class, IBus
    where TDbContext : DbContext
{
    private readonly TDbContext _dbContext;
    private readonly ILogger _logger;

    public OutboxScopedBusContextProvider(
        TBus bus, TDbContext dbContext, Bind<TBus, IClientFactory> clients, Bind<TBus, IScopedConsumeContextProvider> busConsumeContext,
        IScopedConsumeContextProvider consumeContext, IServiceProvider provider, CaptureSettings<TDbContext> settings,
        ILogger<OutboxScopedBusContext> logger)
    {
        _dbContext = dbContext;
        _logger = logger;

        if (busConsumeContext.Value.HasContext)
        {
            Context = new ConsumeContextScopedBusContext(busConsumeContext.Value.GetContext(), clients.Value);
        }
        else if (consumeContext.HasContext)
        {
            var current = consumeContext.GetContext();
            Context = new OutboxScopedBusContext(dbContext, settings.OrderingKeys, new ScopedConsumePublishEndpointProvider(bus, current, provider),
                new ScopedConsumeSendEndpointProvider(bus, current, provider), clients.Value, current, provider);
        }
        else
        {
            Context = new OutboxScopedBusContext(dbContext, settings.OrderingKeys, bus, bus, clients.Value, null, provider);
        }
    }

    public ScopedBusContext Context { get; }

    public void Dispose()
    {
        if (!OutboxSession.TryFind(_dbContext, out var session))
            return;

        OutboxSession.End(_dbContext);

        if (!session.SaveFailed && session.UnsavedTypes() is { Length: > 0 } types)
            LogUnsaved(types.Length, string.Join(", ", types.Distinct()));
        if (!session.SaveFailed && session.Cancelled() is { Length: > 0 } tokens)
            LogNotCancelled(tokens.Length);
    }

    [LoggerMessage(LogLevel.Warning,
        "{Count} message(s) were published in a scope that ended without SaveChanges, so they are lost: {Types}. "
        + "Call SaveChangesAsync after publishing, or publish through IBus if the message is about no row")]
    private partial void LogUnsaved(int count, string types);

    [LoggerMessage(LogLevel.Warning,
        "{Count} scheduled message(s) were cancelled in a scope that ended without SaveChanges, so they are not: call SaveChangesAsync after it")]
    private partial void LogNotCancelled(int count);
}
