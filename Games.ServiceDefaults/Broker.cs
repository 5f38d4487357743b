using Games.Contracts;
using Games.Data;
using MassTransit;
using MassTransit.Topology;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace Games.ServiceDefaults;

/// <summary>How a service finds the broker and what it names things there.</summary>
public static class Broker
{
    private const string Name = "RabbitMq";

    private static readonly Dictionary<string, object?> NoArguments = [];

    /// <summary>The address in <c>ConnectionStrings:RabbitMq</c>.</summary>
    /// <exception cref="SettingException">It is missing or no AMQP address.</exception>
    public static Uri RequireBrokerAddress(this IConfiguration configuration) =>
        Uri.TryCreate(configuration.RequireConnectionString(Name), UriKind.Absolute, out var address) && address.Scheme is "amqp" or "amqps"
            ? address
            : throw new SettingException($"Setting ConnectionStrings:{Name} is not of the form amqp://user:password@host:port/vhost.");

    /// <summary>
    /// Names the exchange of each event as <see cref="Exchanges"/> does, and says which must arrive: those are kept by the outbox while nobody
    /// consumes them, and the others are dropped then.
    /// </summary>
    public static void UseGamesExchanges(this IRabbitMqBusFactoryConfigurator rabbitMq)
    {
        rabbitMq.Message<GameCreated>(message => message.SetEntityName(Exchanges.GameCreated));
        rabbitMq.Message<DiscordMessageReceived>(message => message.SetEntityName(Exchanges.DiscordMessageReceived));
        rabbitMq.Message<MessageStored>(message => message.SetEntityName(Exchanges.MessageStored));
        rabbitMq.ConfigurePublish(publish => publish.UseExecute(context =>
            context.Mandatory |= context is PublishContext<GameCreated> or PublishContext<DiscordMessageReceived>));
    }

    /// <summary>
    /// Declares, beside each queue, those of what its consumer has given up, as MassTransit does with the first such message. AMQP answers the
    /// question for a queue that is not there by closing the channel, which RabbitMQ logs as an error: whoever looks finds empty ones instead.
    /// </summary>
    public static void DeclareGivenUpQueues(this IBusRegistrationConfigurator bus) => bus.AddConfigureEndpointsCallback((_, queue, endpoint) =>
    {
        if (endpoint is not IRabbitMqReceiveEndpointConfigurator rabbitMq)
            return;

        string[] names =
        [
            DefaultErrorQueueNameFormatter.Instance.FormatErrorQueueName(queue),
            DefaultDeadLetterQueueNameFormatter.Instance.FormatDeadLetterQueueName(queue),
        ];
        rabbitMq.ConfigureChannel(channel => channel.UseExecuteAsync(async context =>
        {
            foreach (var name in names)
            {
                await context.ExchangeDeclare(name, ExchangeType.Fanout, durable: true, autoDelete: false, NoArguments, context.CancellationToken);
                await context.QueueDeclare(name, durable: true, exclusive: false, autoDelete: false, NoArguments, context.CancellationToken);
                await context.QueueBind(name, name, routingKey: "", NoArguments, context.CancellationToken);
            }
        }));
    });

    /// <summary>Lets a service start and serve while the broker is away: the outbox keeps what cannot be sent.</summary>
    public static void StartWithoutBroker(this IServiceCollection services) => services.Configure<MassTransitHostOptions>(host =>
    {
        host.WaitUntilStarted = false;
        host.StopTimeout = TimeSpan.FromSeconds(10);
    });
}
