using Games.ServiceDefaults;
using MassTransit;

namespace Games.Api;

internal static class Messaging
{
    public static void AddMessaging(this IHostApplicationBuilder builder)
    {
        var nodes = builder.Configuration.RequireBrokerNodes();

        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            // Without the default tag "ready": with the broker down games are still taken, and their events wait.
            bus.ConfigureHealthCheckOptions(health => health.Tags.Add("masstransit"));
            bus.AddGamesOutbox();
            bus.UsingReconnectingRabbitMq(nodes, (_, rabbitMq) => rabbitMq.UseGamesExchanges());
        });
        builder.Services.StartWithoutBroker();
    }
}
