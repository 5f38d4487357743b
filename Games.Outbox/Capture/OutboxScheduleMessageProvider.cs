using MassTransit;
using MassTransit.Scheduling;
using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Capture;

/// <summary>
/// Schedules through the outbox: the message is a row of the scope's DbContext that waits in the table until it is due, and a cancellation
/// deletes that row. Both take effect with SaveChanges.
/// </summary>
internal sealed class OutboxScheduleMessageProvider(ISendEndpointProvider sends, DbContext dbContext, TimeProvider time) : IScheduleMessageProvider
{
    public async Task<ScheduledMessage<T>> ScheduleSend<T>(
        Uri destinationAddress, DateTime scheduledTime, T message, IPipe<SendContext<T>> pipe, CancellationToken cancellationToken)
        where T : class
    {
        var scheduled = new Scheduled(
            scheduledTime.ToUniversalTime(),
            ScheduleTokenIdCache<T>.GetTokenId(message) is { } token && token != Guid.Empty ? token : NewId.NextGuid());
        var endpoint = await sends.GetSendEndpoint(destinationAddress);

        await endpoint.Send(message, new SchedulePipe<T>(scheduled, pipe, time), cancellationToken);

        return new ScheduledMessageHandle<T>(scheduled.Token, scheduled.Due, destinationAddress, message);
    }

    public Task CancelScheduledSend(Guid tokenId, CancellationToken cancellationToken)
    {
        OutboxSession.For(dbContext).Cancel(tokenId);

        return Task.CompletedTask;
    }

    public Task CancelScheduledSend(Uri destinationAddress, Guid tokenId, CancellationToken cancellationToken) =>
        CancelScheduledSend(tokenId, cancellationToken);

    private sealed class SchedulePipe<T>(Scheduled scheduled, IPipe<SendContext<T>> pipe, TimeProvider time) : IPipe<SendContext<T>>
        where T : class
    {
        public async Task Send(SendContext<T> context)
        {
            context.GetOrAddPayload(() => scheduled);
            context.ScheduledMessageId = scheduled.Token;
            context.Headers.Set(MessageHeaders.SchedulingTokenId, scheduled.Token.ToString("D"));
            // Only counts if this is sent past the outbox: then it is the transport that has to wait.
            context.Delay = scheduled.Due - time.GetUtcNow().UtcDateTime;

            if (pipe.IsNotEmpty())
                await pipe.Send(context);
        }

        public void Probe(ProbeContext context) => pipe?.Probe(context);
    }
}

/// <summary>When a message is to leave (UTC), and by which token it can be cancelled.</summary>
internal sealed record Scheduled(DateTime Due, Guid Token);
