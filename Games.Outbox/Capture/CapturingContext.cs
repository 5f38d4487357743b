using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Capture;

/// <summary>The DbContext that a scope's messages become rows of, from the first of them to the end of the scope.</summary>
internal sealed partial class CapturingContext<TDbContext> : IDisposable
    where TDbContext : DbContext
{
    private readonly ILogger _logger;

    public CapturingContext(TDbContext dbContext, IServiceProvider provider, RootProvider root, ILogger<CapturingContext<TDbContext>> logger)
    {
        (DbContext, _logger) = (dbContext, logger);

        // The interceptors of pooled contexts are made once, without a scope; then so is the IPublishEndpoint that they take.
        if (root.Is(provider) && dbContext.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.MaxPoolSize is not null)
        {
            throw new InvalidOperationException(
                $"This IPublishEndpoint or ISendEndpointProvider belongs to no scope: its messages would be rows of a {typeof(TDbContext).Name} "
                + "that nobody saves. If an interceptor of the context publishes, use AddDbContext in place of AddDbContextPool; "
                + "otherwise create a scope.");
        }
    }

    public TDbContext DbContext { get; }

    public void Dispose()
    {
        if (!OutboxSession.TryFind(DbContext, out var session))
            return;

        OutboxSession.End(DbContext);

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

/// <summary>The provider that is in no scope, as a singleton gets it.</summary>
internal sealed class RootProvider(IServiceProvider root)
{
    public bool Is(IServiceProvider provider) => ReferenceEquals(provider, root);
}
