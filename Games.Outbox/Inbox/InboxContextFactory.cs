using Games.Outbox.Capture;
using Games.Outbox.Monitoring;
using Games.Outbox.Relay;
using MassTransit;
using MassTransit.Middleware;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Inbox;

/// <summary>
/// Runs a consumer in one transaction: the inbox row, the consumer's own changes and its outgoing messages, committed together. The
/// inbox row comes first, so a repeat that arrives meanwhile waits for this transaction and then finds the row (or, after a rollback,
/// takes its place).
/// </summary>
internal sealed partial class InboxContextFactory<TDbContext>(
    TDbContext dbContext, OutboxStore<TDbContext> store, OutboxSettings<TDbContext> settings, IServiceProvider provider,
    OutboxMetrics<TDbContext> metrics, ILogger<InboxContextFactory<TDbContext>> logger)
    : IOutboxContextFactory<TDbContext>
    where TDbContext : DbContext
{
    public async Task Send<T>(ConsumeContext<T> context, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next)
        where T : class
    {
        var messageId = context.GetOriginalMessageId()
            ?? throw new MessageException(typeof(T), "The inbox tells messages apart by their MessageId, and this one has none.");
        var strategy = dbContext.Database.CreateExecutionStrategy();

        try
        {
            await strategy.ExecuteAsync(async () =>
            {
                // A strategy that tries again starts from nothing: what the failed attempt tracked is not in the database.
                dbContext.ChangeTracker.Clear();
                await ConsumeAsync(context, options, next, messageId);
            });
        }
        finally
        {
            OutboxSession.End(dbContext);
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("inbox").Add("provider", "entityFrameworkCore");

    private async Task ConsumeAsync<T>(
        ConsumeContext<T> context, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next, Guid messageId)
        where T : class
    {
        var ct = context.CancellationToken;

        OutboxSession.For(dbContext).CommandFailed = false;

        // Disposed without a commit, the transaction is rolled back: nothing of a failed attempt stays.
        await using var transaction = await dbContext.Database.BeginTransactionAsync(settings.Value.IsolationLevel, ct);
        var isNew = await store.InsertInboxAsync(
            dbContext, transaction.GetDbTransaction(), messageId, options.ConsumerId, context.ExpirationTime?.ToUniversalTime(), ct) == 1;

        if (!isNew)
        {
            LogDuplicate(messageId, options.ConsumerType);
            metrics.Repeated();
        }

        await next.Send(new InboxConsumeContext<T>(context, options, provider, dbContext, messageId, isDuplicate: !isNew));

        if (!isNew)
            return;

        // Not to be cancelled: nobody would know whether it was made.
        await transaction.CommitAsync(CancellationToken.None);
    }

    [LoggerMessage(LogLevel.Information, "Inbox: message {MessageId} was consumed by {Consumer} before, its repeat has no effect")]
    private partial void LogDuplicate(Guid messageId, string consumer);
}
