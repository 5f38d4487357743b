using Games.Bot.Consumers;
using Games.Contracts;
using Games.Data;
using MassTransit;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Bot;

internal static class Messaging
{
    private const int KeptEventsLimit = 10_000;

    public static void AddMessaging(this IHostApplicationBuilder builder)
    {
        var broker = builder.Configuration.RequireBrokerAddress();

        builder.Services.AddReceiveObserver<ClosedChannelObserver>();
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.ConfigureHealthCheckOptions(health => health.MinimalFailureStatus = HealthStatus.Unhealthy);
            bus.AddEntityFrameworkOutbox<GamesDbContext>(outbox =>
            {
                outbox.UsePostgres();
                outbox.UseBusOutbox();
            });
            bus.AddConsumer<AnnounceGameConsumer, AnnounceGameConsumerDefinition>();
            bus.AddConsumer<IngestMessageConsumer, IngestMessageConsumerDefinition>();
            bus.UsingRabbitMq((context, rabbitMq) =>
            {
                rabbitMq.Host(broker);
                rabbitMq.Message<GameCreated>(message => message.SetEntityName(Exchanges.GameCreated));
                rabbitMq.Message<DiscordMessageReceived>(message => message.SetEntityName(Exchanges.DiscordMessageReceived));
                rabbitMq.Message<MessageStored>(message => message.SetEntityName(Exchanges.MessageStored));
                // Nobody consumes it yet, and a message that no queue would get is returned and tried again for ever: the newest stay here for
                // whoever comes. They bind a queue of their own.
                rabbitMq.Publish<MessageStored>(message => message.BindQueue(Exchanges.MessageStored, Queues.MessageStored, queue =>
                {
                    queue.SetQueueArgument("x-max-length", KeptEventsLimit);
                    queue.SetQueueArgument("x-message-ttl", (int)TimeSpan.FromDays(1).TotalMilliseconds);
                }));
                rabbitMq.DeployPublishTopology = true;
                rabbitMq.ConfigureEndpoints(context);
            });
        });
        builder.Services.Configure<MassTransitHostOptions>(host =>
        {
            // A broker that is down keeps the bot unready, not from starting.
            host.WaitUntilStarted = false;
            host.StopTimeout = TimeSpan.FromSeconds(10);
        });
    }
}
