using Games.Outbox.Capture;
using MassTransit;
using MassTransit.Context;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;
using MassTransit.Scheduling;
using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Inbox;

/// <summary>
/// A consumer's context inside its transaction. What it sends becomes rows of the same transaction, which the relay publishes after the
/// commit like any other; so the published pipe's later stages (load, deliver, remove) have nothing to do.
/// </summary>
internal sealed class InboxConsumeContext<TMessage>(
    ConsumeContext<TMessage> context, OutboxConsumeOptions options, IServiceProvider provider, DbContext dbContext,
    CaptureSettings settings, Guid messageId, bool isDuplicate, SharedDelivery? together, Action saved)
    : OutboxConsumeContextProxy<TMessage>(context, options, provider), ISharedConsumeContext
    where TMessage : class
{
    public SharedDelivery? Together => together;
    public override Guid? MessageId => messageId;
    public override bool ContinueProcessing { get; set; } = true;
    public override bool IsMessageConsumed => isDuplicate;
    public override bool IsOutboxDelivered => isDuplicate;
    public override int ReceiveCount => 1;
    public override long? LastSequenceNumber => null;

    /// <summary>Makes <c>context.SchedulePublish</c> and its siblings rows of this transaction, whatever scheduler the bus has.</summary>
    public void ScheduleThroughOutbox(TimeProvider time)
    {
        var scheduler = new ConsumeMessageSchedulerContext(this, context => new MessageScheduler(
            new OutboxScheduleMessageProvider(context, dbContext, time), context.GetPayload<IBusTopology>()));

        AddOrUpdatePayload<MessageSchedulerContext>(() => scheduler, _ => scheduler);
    }

    public override Task AddSend<T>(SendContext<T> context)
    {
        OutboxSession.For(dbContext).Add(context, settings);

        return Task.CompletedTask;
    }

    public override async Task SetConsumed()
    {
        // What the consumer published after its own SaveChanges, or changed without one.
        await dbContext.SaveChangesAsync(CancellationToken);

        saved();
    }

    /// <summary>A failure in a shared transaction is no fault yet: the consumer runs again, alone.</summary>
    public override Task NotifyFaulted<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) =>
        together is not null ? Task.CompletedTask : base.NotifyFaulted(context, duration, consumerType, exception);

    public override Task SetDelivered() => Task.CompletedTask;
    public override Task<List<OutboxMessageContext>> LoadOutboxMessages() => Task.FromResult(new List<OutboxMessageContext>());
    public override Task NotifyOutboxMessageDelivered(OutboxMessageContext message) => Task.CompletedTask;
    public override Task RemoveOutboxMessages() => Task.CompletedTask;
}

/// <summary>What a consumer's context, however often it was wrapped, tells of the delivery.</summary>
internal interface ISharedConsumeContext
{
    /// <summary>The delivery, if it shares its transaction with others.</summary>
    SharedDelivery? Together { get; }
}
