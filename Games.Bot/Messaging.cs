using Games.Bot.Consumers;
using Games.Contracts;
using Games.Data;
using MassTransit;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Bot;

internal static class Messaging
{
    public static void AddMessaging(this IHostApplicationBuilder builder)
    {
        var broker = builder.Configuration.RequireBrokerAddress();

        builder.Services.AddReceiveObserver<ClosedChannelObserver>();
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.ConfigureHealthCheckOptions(health => health.MinimalFailureStatus = HealthStatus.Unhealthy);
            bus.AddEntityFrameworkOutbox<GamesDbContext>(outbox => outbox.UsePostgres());
            bus.AddConsumer<AnnounceGameConsumer, AnnounceGameConsumerDefinition>();
            bus.UsingRabbitMq((context, rabbitMq) =>
            {
                rabbitMq.Host(broker);
                rabbitMq.Message<GameCreated>(message => message.SetEntityName(Exchanges.GameCreated));
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
