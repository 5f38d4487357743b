using MassTransit;
using MassTransit.Topology;
using Microsoft.Extensions.Configuration;
using RabbitMQ.Client;
using Headers = RabbitMQ.Client.Headers;

namespace Games.ServiceDefaults;

/// <summary>How the queues of the consumers are declared, and those of what a consumer has given up.</summary>
public static class BrokerQueues
{
    /// <summary>Whether a cluster keeps each queue on most of its nodes (quorum queues), or one node does (classic ones).</summary>
    public const string Quorum = "RabbitMq:Quorum";

    /// <summary>
    /// Deliveries that came back because their consumer was gone. Many, as a bot that dies of something else brings back what it has only fetched.
    /// </summary>
    private const int DeliveryLimit = 50;

    private const string LimitArgument = "x-delivery-limit";
    private const string StrategyArgument = "x-dead-letter-strategy";

    private static readonly Dictionary<string, object?> NoArguments = [];

    /// <summary>
    /// Declares, beside each queue, those of what its consumer has given up, as MassTransit does with the first such message. AMQP answers the
    /// question for a queue that is not there by closing the channel, which RabbitMQ logs as an error: whoever looks finds empty ones instead.
    /// With <see cref="Quorum"/> a message that was delivered too often is given up too.
    /// </summary>
    public static void DeclareGamesQueues(this IBusRegistrationConfigurator bus, IConfiguration configuration)
    {
        var isQuorum = configuration.GetValue<bool>(Quorum);
        var arguments = isQuorum ? new() { [Headers.XQueueType] = "quorum" } : NoArguments;
        bus.AddConfigureEndpointsCallback((_, queue, endpoint) =>
        {
            if (endpoint is not IRabbitMqReceiveEndpointConfigurator rabbitMq)
                return;

            string[] givenUp =
            [
                DefaultErrorQueueNameFormatter.Instance.FormatErrorQueueName(queue),
                DefaultDeadLetterQueueNameFormatter.Instance.FormatDeadLetterQueueName(queue),
            ];
            if (isQuorum)
            {
                rabbitMq.SetQuorumQueue();
                rabbitMq.SetQueueArgument(LimitArgument, DeliveryLimit);
                rabbitMq.DeadLetterExchange = givenUp[0];
                // It leaves its queue when the other one has it, and not before.
                rabbitMq.SetQueueArgument(StrategyArgument, "at-least-once");
                rabbitMq.SetQueueArgument(Headers.XOverflow, "reject-publish");
            }

            rabbitMq.ConfigureChannel(channel => channel.UseExecuteAsync(async context =>
            {
                var ct = context.CancellationToken;
                foreach (var name in givenUp)
                {
                    await context.ExchangeDeclare(name, ExchangeType.Fanout, durable: true, autoDelete: false, NoArguments, ct);
                    await context.QueueDeclare(name, durable: true, exclusive: false, autoDelete: false, arguments, ct);
                    await context.QueueBind(name, name, routingKey: "", NoArguments, ct);
                }
            }));
        });
    }

    /// <summary>
    /// Has MassTransit declare the queues of what a consumer has given up as above: it gives them the arguments of the consumer's queue, and what
    /// is kept there must not leave by a limit.
    /// </summary>
    public static void UseGamesQueues(this IRabbitMqBusFactoryConfigurator rabbitMq)
    {
        rabbitMq.SendTopology.ConfigureErrorSettings = WithoutLimits;
        rabbitMq.SendTopology.ConfigureDeadLetterSettings = WithoutLimits;

        static void WithoutLimits(IRabbitMqQueueBindingConfigurator queue)
        {
            foreach (var argument in (string[])[LimitArgument, StrategyArgument, Headers.XDeadLetterExchange, Headers.XOverflow])
                queue.SetQueueArgument(argument, null);
        }
    }
}
