using MassTransit;

namespace Games.Tests.Messaging;

/// <summary>A message was consumed.</summary>
internal sealed record Settled(Guid MessageId);

/// <summary>Notes what was consumed and what failed.</summary>
internal sealed class Settlements(Seen seen) : IReceiveObserver
{
    public Task PreReceive(ReceiveContext context) => Task.CompletedTask;
    public Task PostReceive(ReceiveContext context) => Task.CompletedTask;
    public Task ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class
    {
        if (context.MessageId is { } messageId)
            seen.Add(new Settled(messageId));

        return Task.CompletedTask;
    }

    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class
    {
        seen.Add(exception);

        return Task.CompletedTask;
    }
}
