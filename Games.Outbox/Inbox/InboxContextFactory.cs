using Games.Outbox.Capture;
using Games.Outbox.Monitoring;
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
    TDbContext dbContext, InboxStore<TDbContext> store, SharedTransactions<TDbContext> shared, OutboxSettings<TDbContext> settings,
    CaptureSettings<TDbContext> capture, IServiceProvider provider, TimeProvider time, OutboxMetrics<TDbContext> metrics,
    ILogger<InboxContextFactory<TDbContext>> logger)
    : IOutboxContextFactory<TDbContext>
    where TDbContext : DbContext
{
    private bool _isSaved;

    public async Task Send<T>(ConsumeContext<T> context, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next)
        where T : class
    {
        var messageId = context.GetOriginalMessageId()
            ?? throw new MessageException(typeof(T), "The inbox tells messages apart by their MessageId, and this one has none.");
        var strategy = dbContext.Database.CreateExecutionStrategy();

        try
        {
            // What failed before would make others run twice.
            if (context.GetRetryAttempt() > 0 || !shared.IsFor(dbContext, strategy))
            {
                await ConsumeAloneAsync(strategy, context, options, next, messageId);
                return;
            }

            using var delivery = shared.Join(dbContext, messageId, options.ConsumerId, context.ExpirationTime?.ToUniversalTime());
            if (await delivery.Turn is not Turn.Alone and var turn && await ConsumeTogetherAsync(delivery, turn, context, options, next))
                return;

            await ConsumeAloneAsync(strategy, context, options, next, messageId);
        }
        finally
        {
            OutboxSession.End(dbContext);
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("inbox").Add("provider", "entityFrameworkCore");

    private async Task ConsumeAloneAsync<T>(
        IExecutionStrategy strategy, ConsumeContext<T> context, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next, Guid messageId)
        where T : class
    {
        try
        {
            await strategy.ExecuteAsync(async () =>
            {
                // A strategy that tries again starts from nothing: what the failed attempt tracked is not in the database.
                dbContext.ChangeTracker.Clear();
                _isSaved = false;
                await ConsumeAsync(context, options, next, messageId);
            });
        }
        catch (Exception exception) when (_isSaved)
        {
            // MassTransit publishes the Fault of a consumer or a SaveChanges that fails, but knows nothing of the commit.
            await context.NotifyFaulted(context.ReceiveContext.ElapsedTime, options.ConsumerType, exception);
            throw;
        }
    }

    /// <summary>Does this delivery's part of a shared transaction; whether it is committed.</summary>
    private async Task<bool> ConsumeTogetherAsync<T>(
        SharedDelivery delivery, Turn turn, ConsumeContext<T> context, OutboxConsumeOptions options,
        IPipe<OutboxConsumeContext<T>> next)
        where T : class
    {
        var worked = false;
        try
        {
            dbContext.ChangeTracker.Clear();
            await RunConsumerAsync(context, options, next, delivery.MessageId, isNew: turn is Turn.New, delivery);
            worked = true;
        }
        catch (Exception exception)
        {
            LogFailedTogether(delivery.MessageId, exception.Message);
        }
        finally
        {
            delivery.ConsumerEnded(worked);
        }

        return await delivery.Committed;
    }

    private async Task ConsumeAsync<T>(
        ConsumeContext<T> context, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next, Guid messageId)
        where T : class
    {
        var ct = context.CancellationToken;

        // Disposed without a commit, the transaction is rolled back: nothing of a failed attempt stays.
        await using var transaction = await dbContext.Database.BeginTransactionAsync(settings.Value.IsolationLevel, ct);
        var isNew = await store.InsertAsync(
            dbContext, transaction.GetDbTransaction(), messageId, options.ConsumerId, context.ExpirationTime?.ToUniversalTime(), ct) == 1;

        await RunConsumerAsync(context, options, next, messageId, isNew);

        // It fails if PostgreSQL has given the transaction up, whatever the consumer has swallowed. Not to be cancelled: nobody would know
        // whether it was made.
        await transaction.CommitAsync(CancellationToken.None);
    }

    private async Task RunConsumerAsync<T>(
        ConsumeContext<T> context, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next, Guid messageId, bool isNew,
        SharedDelivery? together = null)
        where T : class
    {
        if (!isNew)
        {
            LogDuplicate(messageId, options.ConsumerType);
            metrics.Repeated();
        }

        var consuming = new InboxConsumeContext<T>(
            context, options, provider, dbContext, capture, messageId, isDuplicate: !isNew, together, () => _isSaved = true);
        if (capture.Schedules)
            consuming.ScheduleThroughOutbox(time);

        try
        {
            await next.Send(consuming);
        }
        catch
        {
            // Whoever tries again starts with nothing: what was cancelled is still scheduled.
            OutboxSession.End(dbContext);
            throw;
        }
    }

    [LoggerMessage(LogLevel.Debug, "Inbox: message {MessageId} failed in a shared transaction and is tried alone: {Reason}")]
    private partial void LogFailedTogether(Guid messageId, string reason);

    [LoggerMessage(LogLevel.Information, "Inbox: message {MessageId} was consumed by {Consumer} before, its repeat has no effect")]
    private partial void LogDuplicate(Guid messageId, string consumer);
}
