using Games.Bot.Consumers;
using Games.Contracts;
using Games.Data;
using Games.ServiceDefaults;
using MassTransit;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Bot;

internal static class Messaging
{
    /// <summary>
    /// The bot's consumers work on their database only, and shortly: at full load their deliveries share transactions. One at a time and with a
    /// pause, so that more come together for the next.
    /// </summary>
    public static readonly (string Key, string Value)[] SharedTransactions =
    [
        ("Outbox:ConsumeTogether", "32"), ("Outbox:ConsumerTransactions", "1"), ("Outbox:ConsumeTogetherDelay", "00:00:00.004"),
    ];

    public static void AddMessaging(this IHostApplicationBuilder builder)
    {
        var broker = builder.Configuration.RequireBrokerAddress();

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
            bus.DeclareGivenUpQueues();
            bus.UsingReconnectingRabbitMq(broker, (context, rabbitMq) =>
            {
                rabbitMq.UseGamesExchanges();
                // Nobody consumes it yet: its exchange is there for whoever comes.
                rabbitMq.Publish<MessageStored>();
                rabbitMq.DeployPublishTopology = true;
                rabbitMq.ConfigureEndpoints(context);
            });
        });
        builder.AddGamesRetry();
        builder.Services.StartWithoutBroker();
    }
}
