using System.Collections.Concurrent;
using System.Data.Common;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.Tests.Outbox;

/// <summary>What a shared transaction leaves as it was: contexts that work on another's connection for a while, and their surroundings.</summary>
public sealed class SharedConnectionTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    private static readonly AsyncLocal<Guid> Surroundings = new();

    [Fact]
    public async Task A_context_has_its_data_source_back_with_the_types_that_it_maps()
    {
        using var host = await StartAsync();
        var weathers = Enumerable.Range(0, 60).Select(_ => new WeatherSeen(Guid.CreateVersion7())).ToArray();

        await Task.WhenAll(weathers.Select(x => host.Services.GetRequiredService<IBus>().Publish(x)));
        await SettledAsync(host, weathers);
        Assert.Contains(Of<int>(host), x => x > 1);

        // The contexts lie in the pool. All of them write the type now, each on its own connection.
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ =>
        {
            await using var scope = host.Services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<WeatherDbContext>();
            await db.Database.BeginTransactionAsync();
            db.Add(new Weather { Sky = Sky.Cloudy });
            await db.SaveChangesAsync();
            await db.Database.CommitTransactionAsync();
        }));
        await host.StopAsync();
    }

    [Fact]
    public async Task Each_call_and_its_connection_have_the_surroundings_of_a_delivery_that_they_are_for()
    {
        using var host = await StartAsync();

        for (var i = 0; i < 3; i++)
        {
            var weathers = Enumerable.Range(0, 20).Select(_ => new WeatherSeen(Guid.CreateVersion7())).ToArray();
            await Task.WhenAll(weathers.Select(x => host.Services.GetRequiredService<IBus>().Publish(x)));
            await SettledAsync(host, weathers);
        }

        Assert.All(Of<Call>(host), x => Assert.Contains(x.Surroundings, x.Weathers));
        Assert.All(Of<Call>(host), x => Assert.Contains(x.Opener, x.Weathers));
        await host.StopAsync();
    }

    private async Task<IHost> StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration["Outbox:ConsumeTogether"] = "16";
        builder.Configuration["Outbox:ConsumerTransactions"] = "1";
        builder.Services.AddSingleton<Seen>();
        builder.Services.AddDbContextPool<WeatherDbContext>(options =>
            options.UseNpgsql(database.ConnectionString, npgsql => npgsql.MapEnum<Sky>()).AddInterceptors(new Openers()));
        builder.Services.AddMassTransit(x =>
        {
            x.DisableUsageTelemetry();
            x.AddEntityFrameworkOutbox<WeatherDbContext>(outbox => outbox.UsePostgres().UseBusOutbox());
            x.AddConsumer<WeatherConsumer, WeatherConsumerDefinition>();
            x.UsingRabbitMq((context, cfg) =>
            {
                cfg.Host(new Uri(broker.ConnectionString));
                cfg.UseFilter(new SurroundingsFilter());
                cfg.ConfigureEndpoints(context);
            });
        });
        // What is published before the queue is bound is lost.
        builder.Services.Configure<MassTransitHostOptions>(x => x.WaitUntilStarted = true);
        var host = builder.Build();
        await using (var scope = host.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<WeatherDbContext>().Database.EnsureCreatedAsync();
        await host.StartAsync();

        return host;
    }

    private static T[] Of<T>(IHost host) => host.Services.GetRequiredService<Seen>().Of<T>();

    private static Task SettledAsync(IHost host, WeatherSeen[] weathers) => Until.TrueAsync(async () =>
    {
        await using var scope = host.Services.CreateAsyncScope();
        var ids = weathers.Select(x => x.Id).ToArray();

        return await scope.ServiceProvider.GetRequiredService<WeatherDbContext>().Weathers.CountAsync(x => ids.Contains(x.Id)) == ids.Length;
    }, "all are stored");

    public enum Sky
    {
        Clear,
        Cloudy
    }

    public sealed class Weather
    {
        public Guid Id { get; set; } = Guid.CreateVersion7();
        public Sky Sky { get; set; }
    }

    public sealed record WeatherSeen(Guid Id);

    private sealed record Call(Guid[] Weathers, Guid Surroundings, Guid Opener);

    private sealed class WeatherDbContext(DbContextOptions<WeatherDbContext> options) : DbContext(options)
    {
        public DbSet<Weather> Weathers => Set<Weather>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddTransactionalOutboxEntities();
    }

    private sealed class WeatherConsumer(WeatherDbContext db, Seen seen) : IConsumer<WeatherSeen>
    {
        public Task Consume(ConsumeContext<WeatherSeen> context) => context.ConsumeTogether(StoreAsync);

        private async Task StoreAsync(IReadOnlyList<ConsumeContext<WeatherSeen>> weathers)
        {
            seen.Add(weathers.Count);
            seen.Add(new Call([.. weathers.Select(x => x.Message.Id)], Surroundings.Value, Openers.Of[db.Database.GetDbConnection()]));
            db.AddRange(weathers.Select(x => new Weather { Id = x.Message.Id, Sky = Sky.Cloudy }));
            await db.SaveChangesAsync();
        }
    }

    private sealed class WeatherConsumerDefinition : ConsumerDefinition<WeatherConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<WeatherConsumer> consumer, IRegistrationContext context) =>
            endpoint.UseEntityFrameworkOutbox<WeatherDbContext>(context);
    }

    /// <summary>In whose surroundings a connection was opened last.</summary>
    private sealed class Openers : DbConnectionInterceptor
    {
        public static ConcurrentDictionary<DbConnection, Guid> Of { get; } = new();

        public override ValueTask<InterceptionResult> ConnectionOpeningAsync(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            Of[connection] = Surroundings.Value;
            return new(result);
        }
    }

    /// <summary>Gives each delivery surroundings of its own.</summary>
    private sealed class SurroundingsFilter : IFilter<ConsumeContext>
    {
        public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
        {
            if (context.TryGetMessage<WeatherSeen>(out var weather))
                Surroundings.Value = weather.Message.Id;

            await next.Send(context);
        }

        public void Probe(ProbeContext context)
        {
        }
    }
}
