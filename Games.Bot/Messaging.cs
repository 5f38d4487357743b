using Games.Bot.Announcing;
using Games.Bot.Consumers;
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
        var nodes = builder.Configuration.RequireBrokerNodes();

        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.ConfigureHealthCheckOptions(health => health.MinimalFailureStatus = HealthStatus.Unhealthy);
            bus.AddGamesOutbox();
            bus.AddConsumer<AnnounceGameConsumer, AnnounceGameConsumerDefinition>();
            bus.AddConsumer<UpdateAnnouncementConsumer, UpdateAnnouncementConsumerDefinition>();
            bus.AddConsumer<NotifyOfChangeConsumer, NotifyOfChangeConsumerDefinition>();
            bus.AddConsumer<NotifyOfCancellationConsumer, NotifyOfCancellationConsumerDefinition>();
            bus.AddConsumer<NotifyOfRemovalConsumer, NotifyOfRemovalConsumerDefinition>();
            bus.AddConsumer<NotifyOfPromotionConsumer, NotifyOfPromotionConsumerDefinition>();
            bus.AddConsumer<NotifyOfDemotionConsumer, NotifyOfDemotionConsumerDefinition>();
            bus.AddConsumer<NotifyOfReminderConsumer, NotifyOfReminderConsumerDefinition>();
            bus.AddConsumer<RemindPlayersConsumer, RemindPlayersConsumerDefinition>();
            bus.AddConsumer<StartGameConsumer, StartGameConsumerDefinition>();
            bus.AddConsumer<FinishGameConsumer, FinishGameConsumerDefinition>();
            bus.AddConsumer<IngestMessageConsumer, IngestMessageConsumerDefinition>();
            bus.DeclareGamesQueues(builder.Configuration);
            bus.UsingReconnectingRabbitMq(nodes, (context, rabbitMq) =>
            {
                rabbitMq.UseGamesExchanges();
                rabbitMq.UseGamesQueues();
                rabbitMq.ConfigureEndpoints(context);
            });
        });
        builder.Services.AddScoped<AnnouncementWriter>();
        builder.Services.AddScoped<DirectMessageWriter>();
        builder.AddGamesRetry();
        builder.Services.StartWithoutBroker();
    }
}
