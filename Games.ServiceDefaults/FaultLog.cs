using System.Diagnostics.Metrics;
using Games.Outbox.Outages;
using MassTransit;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client.Exceptions;

namespace Games.ServiceDefaults;

/// <summary>
/// One line for a message that is given up and goes to the error queue, where its headers have the stack trace. MassTransit's own is that trace.
/// Counted too: MassTransit's counter has each attempt.
/// </summary>
internal sealed partial class FaultLog : ReceiveObserver
{
    private readonly Counter<long> _faulted;
    private readonly ILogger<FaultLog> _logger;

    public FaultLog(IMeterFactory meters, ILogger<FaultLog> logger)
    {
        _logger = logger;
        _faulted = meters.Create(HealthMetrics.Name).CreateCounter<long>(
            "games.messages.faulted", "{message}", "Messages that went to an error queue.");
        // A counter that is not there before its first message has not grown by it.
        _faulted.Add(0);
    }

    public override Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
    {
        _faulted.Add(1);
        LogGivenUp(context.MessageId, typeof(T).Name, consumerType, QueueOf(context.ReceiveContext), exception.GetType().Name, exception.InWords());
        return Task.CompletedTask;
    }

    public override Task ReceiveFault(ReceiveContext context, Exception exception)
    {
        // An acknowledgement on a closed channel, or a delivery that ends with its connection: an outage of the broker (BrokerOutage), after
        // which the message is delivered again.
        var isOfTheBroker = exception is RabbitMQClientException
            || exception is OperationCanceledException && context.CancellationToken.IsCancellationRequested;
        if (isOfTheBroker)
            return Task.CompletedTask;

        _faulted.Add(1);
        LogUnreadable(context.GetMessageId(), QueueOf(context), exception.GetType().Name, exception.InWords());
        return Task.CompletedTask;
    }

    private static string QueueOf(ReceiveContext context) => context.InputAddress.AbsolutePath.Split('/')[^1];

    [LoggerMessage(LogLevel.Error, "Message {MessageId} ({MessageType}) failed in {Consumer} and goes to {Queue}_error: {Failure}: {Reason}")]
    private partial void LogGivenUp(Guid? messageId, string messageType, string consumer, string queue, string failure, string reason);

    [LoggerMessage(LogLevel.Error, "Message {MessageId} cannot be received and goes to {Queue}_error: {Failure}: {Reason}")]
    private partial void LogUnreadable(Guid? messageId, string queue, string failure, string reason);
}
