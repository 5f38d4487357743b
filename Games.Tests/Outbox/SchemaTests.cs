using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.Tests.Outbox;

/// <summary>
/// Two applications in one process and one database, each with its tables in a schema of its own, and with other names in one of them.
/// </summary>
public sealed class SchemaTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task Each_has_its_own_outbox_and_inbox()
    {
        using var left = await StartAsync<LeftDbContext>();
        using var right = await StartAsync<RightDbContext>();

        var published = (Left: await PublishAsync<LeftDbContext>(left, "from the left"),
            Right: await PublishAsync<RightDbContext>(right, "from the right"));

        foreach (var note in new[] { published.Left, published.Right })
        {
            await Until.TrueAsync(() => Seen(left).Contains(note) && Seen(right).Contains(note), "both have consumed it");
            Assert.Single(Seen(left), note);
            Assert.Single(Seen(right), note);
        }

        await Until.TrueAsync(async () => await CountAsync("SELECT count(*) FROM \"left\".\"OutboxMessage\"") == 0, "the left's rows are gone");
        await Until.TrueAsync(async () => await CountAsync("SELECT count(*) FROM \"right\".outbox") == 0, "the right's rows are gone");
        foreach (var id in new[] { IdOf(left, published.Left), IdOf(left, published.Right) })
        {
            Assert.Equal(1, await CountAsync($"SELECT count(*) FROM \"left\".\"InboxState\" WHERE \"MessageId\" = '{id}'"));
            Assert.Equal(1, await CountAsync($"SELECT count(*) FROM \"right\".inbox WHERE \"MessageId\" = '{id}'"));
        }

        await StopAsync(left, right);
    }

    [Fact]
    public async Task What_one_leaves_behind_the_other_does_not_take()
    {
        using var left = await BuildAsync<LeftDbContext>();
        var note = await PublishAsync<LeftDbContext>(left, "left behind");
        using var right = await StartAsync<RightDbContext>();

        // Through the whole of the right: by then its relay has looked at its table, and only at that.
        var fence = await PublishAsync<RightDbContext>(right, "fence");
        await Until.TrueAsync(() => Seen(right).Contains(fence), "the fence has arrived");
        Assert.Equal(1, await CountAsync("SELECT count(*) FROM \"left\".\"OutboxMessage\" WHERE \"LockId\" IS NULL"));

        await left.StartAsync();
        await Until.TrueAsync(() => Seen(right).Contains(note), "its own relay has published it");

        await StopAsync(left, right);
    }

    private async Task<IHost> BuildAsync<TDbContext>()
        where TDbContext : DbContext
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddSingleton<Seen>();
        builder.Services.AddDbContext<TDbContext>(x => x.UseNpgsql(database.ConnectionString));
        builder.Services.AddMassTransit(x =>
        {
            x.DisableUsageTelemetry();
            x.AddEntityFrameworkOutbox<TDbContext>(outbox => outbox.UsePostgres().UseBusOutbox());
            x.AddConsumer<TakenConsumer>().Endpoint(endpoint => endpoint.Name = $"taken-{typeof(TDbContext).Name}");
            x.AddConfigureEndpointsCallback((context, _, endpoint) => endpoint.UseEntityFrameworkOutbox<TDbContext>(context));
            x.UsingRabbitMq((context, rabbitMq) =>
            {
                rabbitMq.Host(new Uri(broker.ConnectionString));
                rabbitMq.ConfigureEndpoints(context);
            });
        });
        builder.Services.Configure<MassTransitHostOptions>(x => x.WaitUntilStarted = true);

        var host = builder.Build();
        await using var scope = host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDbContext>();
        if (await CountAsync($"SELECT count(*) FROM information_schema.schemata WHERE schema_name = '{db.Model.GetDefaultSchema()}'") == 0)
            await db.GetService<IRelationalDatabaseCreator>().CreateTablesAsync();

        return host;
    }

    private async Task<IHost> StartAsync<TDbContext>()
        where TDbContext : DbContext
    {
        var host = await BuildAsync<TDbContext>();
        await host.StartAsync();

        return host;
    }

    private static Task StopAsync(params IHost[] hosts) => Task.WhenAll(hosts.Select(x => x.StopAsync()));

    private static async Task<NoteTaken> PublishAsync<TDbContext>(IHost host, string text)
        where TDbContext : DbContext
    {
        await using var scope = host.Services.CreateAsyncScope();
        var note = new NoteTaken(Guid.CreateVersion7(), text);
        await scope.ServiceProvider.GetRequiredService<IPublishEndpoint>().Publish(note);
        await scope.ServiceProvider.GetRequiredService<TDbContext>().SaveChangesAsync();

        return note;
    }

    private static NoteTaken[] Seen(IHost host) =>
        [.. host.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteTaken>>().Select(x => x.Message)];

    private static Guid? IdOf(IHost host, NoteTaken note) =>
        host.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteTaken>>().Single(x => x.Message == note).MessageId;

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);

        return (long)(await command.ExecuteScalarAsync())!;
    }

    private sealed class LeftDbContext(DbContextOptions<LeftDbContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.HasDefaultSchema("left");
            modelBuilder.AddTransactionalOutboxEntities();
        }
    }

    private sealed class RightDbContext(DbContextOptions<RightDbContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.HasDefaultSchema("right");
            modelBuilder.AddInboxStateEntity(x => x.ToTable("inbox"));
            modelBuilder.AddOutboxStateEntity(x => x.ToTable("outbox_state"));
            modelBuilder.AddOutboxMessageEntity(x =>
            {
                x.ToTable("outbox");
                x.Property(row => row.SequenceNumber).HasColumnName("number");
                x.Property(row => row.LockId).HasColumnName("lock owner");
            });
        }
    }

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context);

            return Task.CompletedTask;
        }
    }
}
