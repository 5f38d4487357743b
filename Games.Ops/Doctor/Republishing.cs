using Games.Data;
using Games.ServiceDefaults;
using MassTransit;
using Microsoft.Extensions.Hosting;

namespace Games.Ops.Doctor;

internal static class Republishing
{
    /// <summary>
    /// Adds the outbox that takes what is published again. Its bus is never started: a running service relays the rows. Nor is it recorded, because
    /// it is in the journal already.
    /// </summary>
    public static void AddRepublishing(this IHostApplicationBuilder builder, Uri broker) => builder.Services.AddMassTransit(bus =>
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
            rabbitMq.UseGamesExchanges();
        });
    });
}
