using Games.Contracts;
using Games.Data;
using MassTransit;

namespace Games.Api;

internal static class Messaging
{
    public static void AddMessaging(this IHostApplicationBuilder builder)
    {
        var broker = builder.Configuration.RequireBrokerAddress();

        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddEntityFrameworkOutbox<GamesDbContext>(outbox =>
            {
                outbox.UsePostgres();
                outbox.UseBusOutbox();
            });
            bus.UsingRabbitMq((_, rabbitMq) =>
            {
                rabbitMq.Host(broker);
                rabbitMq.Message<GameCreated>(message => message.SetEntityName(Exchanges.GameCreated));
                rabbitMq.Message<DiscordMessageReceived>(message => message.SetEntityName(Exchanges.DiscordMessageReceived));
            });
        });
        builder.Services.Configure<MassTransitHostOptions>(host =>
        {
            // The outbox keeps what cannot be sent: the API serves whether or not the broker does.
            host.WaitUntilStarted = false;
            host.StopTimeout = TimeSpan.FromSeconds(10);
        });
    }
}
