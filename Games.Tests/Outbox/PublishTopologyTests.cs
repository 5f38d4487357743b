using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Outbox;

/// <summary>An event reaches the consumers of the types that it derives from, on a broker that has never seen it.</summary>
public sealed class PublishTopologyTests(EmptyDatabase database, TestServers servers) : IClassFixture<EmptyDatabase>
{
    [Theory]
    [InlineData("from memory")]
    [InlineData("from the table")]
    [InlineData("by another process")]
    public async Task A_derived_event_arrives_at_the_consumer_of_each_of_its_types(string way)
    {
        // Of its own: a fresh virtual host is the point.
        var broker = new TestBroker(servers);
        await broker.InitializeAsync();
        await using var consumer = await NotesService.StartAsync(
            database.ConnectionString, broker.ConnectionString, x =>
            {
                x.AddConsumer<PaidConsumer>();
                x.AddConsumer<MoneyConsumer>();
            },
            outbox: x => x.UseBusOutbox(bus => bus.DisableDeliveryService()));
        await using var publisher = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString,
            outbox: x => x.UseBusOutbox(bus => Deliver(bus, way)),
            host: x => x.Configuration["Outbox:HandoffLimit"] = way == "from memory" ? "100" : "0");
        await using var relay = way == "by another process"
            ? await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString) : null;
        if (way == "from memory")
            await Until.TrueAsync(() => publisher.Logs.At(LogLevel.Information).Any(x => x.Contains("messages flow")), "messages flow");

        await publisher.InScopeAsync(async (db, endpoint) =>
        {
            await endpoint.Publish(new CardPaid(17));
            await db.SaveChangesAsync();
        });

        var seen = consumer.Services.GetRequiredService<Seen>();
        await Until.TrueAsync(() => seen.Of<IPaid>().Length == 1 && seen.Of<decimal>().Length == 1, "both have consumed it");
        await Until.TrueAsync(() => publisher.QueryAsync(db => db.Set<OutboxMessage>().AllAsync(x => false)), "its row is gone");
    }

    [Fact]
    public async Task What_another_application_has_published_is_not_dropped_where_its_type_is_not_known()
    {
        var broker = new TestBroker(servers);
        await broker.InitializeAsync();
        await using var service = await NotesService.BuildAsync(database.ConnectionString, broker.ConnectionString);
        await service.InScopeAsync(async (db, endpoint) =>
        {
            await endpoint.Publish(new CardPaid(18));
            await db.SaveChangesAsync();
        });
        await service.QueryAsync(db => db.Database.ExecuteSqlAsync(
            $"""UPDATE "OutboxMessage" SET "Headers" = replace("Headers", 'Games.Tests', 'Of.Others')"""));

        await service.StartAsync();

        await Until.TrueAsync(() => service.QueryAsync(db =>
            db.Set<OutboxMessage>().AnyAsync(x => x.LastError!.Contains("Returned"))), "it is kept");
        await service.QueryAsync(db => db.Set<OutboxMessage>().ExecuteDeleteAsync());
    }

    private static void Deliver(IEntityFrameworkBusOutboxConfigurator bus, string way)
    {
        if (way == "by another process")
            bus.DisableDeliveryService();
    }


    public interface IMoney
    {
        decimal Amount { get; }
    }

    public interface IPaid : IMoney;

    public sealed record CardPaid(decimal Amount) : IPaid;

    private sealed class PaidConsumer(Seen seen) : IConsumer<IPaid>
    {
        public Task Consume(ConsumeContext<IPaid> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }
    }

    private sealed class MoneyConsumer(Seen seen) : IConsumer<IMoney>
    {
        public Task Consume(ConsumeContext<IMoney> context)
        {
            seen.Add(context.Message.Amount);

            return Task.CompletedTask;
        }
    }
}
