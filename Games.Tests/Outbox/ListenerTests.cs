using System.Collections.Concurrent;
using System.Diagnostics;
using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Outages;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Games.Tests.Outbox;

/// <summary>The connection over which relays notify each other.</summary>
public sealed class ListenerTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>, IAsyncLifetime
{
    public async ValueTask InitializeAsync()
    {
        await using var services = Contexts<NotesDbContext>();
        await WithDbAsync<NotesDbContext>(services, db => db.Database.EnsureCreatedAsync());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_relay_is_woken_by_others_and_by_each_reconnection_and_not_by_itself()
    {
        await using var services = Contexts<NotesDbContext>();
        await using var one = new RunningListener(services);
        await using var two = new RunningListener(services);
        await using var witness = new RunningListener(services);
        await Task.WhenAll(one.ListensAsync(), two.ListensAsync(), witness.ListensAsync());

        one.Notifications.Notify();
        two.Notifications.Notify();
        await Until.TrueAsync(() => witness.Heard(WakeUpSource.Notify) == 2, "both have told");
        await Until.TrueAsync(() => one.Heard(WakeUpSource.Notify) > 0 && two.Heard(WakeUpSource.Notify) > 0, "each hears the other");

        await ListenerBackends.TerminateAsync(database.ConnectionString);

        // Once for the loss, from which on the relay looks for itself, and once for what was told meanwhile.
        await Until.TrueAsync(() => one.Heard(WakeUpSource.Reconnect) == 3 && two.Heard(WakeUpSource.Reconnect) == 3, "both are back");
        Assert.Equal((1, 1), (one.Heard(WakeUpSource.Notify), two.Heard(WakeUpSource.Notify)));
    }

    [Fact]
    public async Task A_burst_of_commits_is_told_by_few_notifications_and_its_last_is_not_forgotten()
    {
        await using var services = Contexts<NotesDbContext>();
        await using var one = new RunningListener(services);
        await using var two = new RunningListener(services);
        await using var other = new RunningListener(services);
        await Task.WhenAll(one.ListensAsync(), two.ListensAsync(), other.ListensAsync());

        for (var i = 0; i < 10_000; i++)
            one.Notifications.Notify();
        await Until.TrueAsync(() => two.Heard(WakeUpSource.Notify) >= 2, "the first and what came after it are told");

        // As many by another, which takes time enough for what the burst may have left behind.
        for (var i = 0; i < 30; i++)
        {
            var heard = one.Heard(WakeUpSource.Notify);
            other.Notifications.Notify();
            await Until.TrueAsync(() => one.Heard(WakeUpSource.Notify) > heard, "the other is heard");
        }

        Assert.InRange(two.Heard(WakeUpSource.Notify) - 30, 2, 15);
    }

    [Fact]
    public async Task What_was_to_be_told_while_the_connection_was_lost_is_told_by_the_next()
    {
        await using var line = CuttableLine.ToPostgres(database.ConnectionString, out var through);
        await using var services = Contexts<NotesDbContext>();
        await using var throughLine = Contexts<NotesDbContext>(through);
        await using var sender = new RunningListener(throughLine);
        await using var hearer = new RunningListener(services);
        await sender.ListensAsync();
        await hearer.ListensAsync();

        line.Freeze();
        sender.Notifications.Notify();
        await Until.TrueAsync(() => sender.Heard(WakeUpSource.Reconnect) == 2, "the loss is noticed");
        line.Cut();
        line.Thaw();

        await Until.TrueAsync(() => hearer.Heard(WakeUpSource.Notify) == 1, "it is told after all");
    }

    [Fact]
    public async Task Two_tables_in_one_database_have_two_channels_and_one_table_has_one_however_a_model_names_it()
    {
        await using var notes = Contexts<NotesDbContext>();
        await using var named = Contexts<PublicDbContext>();
        await using var elsewhere = Contexts<ElsewhereDbContext>();
        await WithDbAsync<ElsewhereDbContext>(elsewhere, db => db.Database.ExecuteSqlRawAsync(
            """
            CREATE SCHEMA IF NOT EXISTS elsewhere;
            CREATE TABLE IF NOT EXISTS elsewhere."OutboxMessage" (LIKE public."OutboxMessage" INCLUDING ALL)
            """));

        var channel = await ChannelAsync<NotesDbContext>(notes);

        Assert.Matches("^outbox_[0-9a-f]{32}$", channel);
        Assert.Equal(channel, await ChannelAsync<PublicDbContext>(named));
        Assert.NotEqual(channel, await ChannelAsync<ElsewhereDbContext>(elsewhere));
    }

    [Fact]
    public async Task The_connection_is_opened_with_the_password_that_the_data_source_has_at_that_time()
    {
        var asked = 0;
        var builder = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Password = null }.ConnectionString);
        var password = new NpgsqlConnectionStringBuilder(database.ConnectionString).Password ?? "any";
        builder.UsePasswordProvider(_ => password, (_, _) =>
        {
            asked++;
            return new(password);
        });
        await using var source = builder.Build();
        await using var services = new ServiceCollection().AddDbContext<NotesDbContext>(x => x.UseNpgsql(source)).BuildServiceProvider();
        await using var scope = services.CreateAsyncScope();

        await using var connection = await DedicatedConnection.OpenAsync(
            scope.ServiceProvider.GetRequiredService<NotesDbContext>(), "outbox", TimeSpan.FromSeconds(5), CancellationToken.None);

        Assert.Equal(System.Data.ConnectionState.Open, connection.State);
        Assert.Equal(1, asked);
    }

    private ServiceProvider Contexts<TDbContext>(string? connectionString = null)
        where TDbContext : DbContext =>
        new ServiceCollection().AddDbContext<TDbContext>(x => x.UseNpgsql(connectionString ?? database.ConnectionString)).BuildServiceProvider();

    private static async Task WithDbAsync<TDbContext>(ServiceProvider services, Func<TDbContext, Task> action)
        where TDbContext : DbContext
    {
        await using var scope = services.CreateAsyncScope();
        await action(scope.ServiceProvider.GetRequiredService<TDbContext>());
    }

    private static async Task<string> ChannelAsync<TDbContext>(ServiceProvider services)
        where TDbContext : DbContext
    {
        var store = Store<TDbContext>(services, new(new()));
        await using var connection = await store.OpenListenerAsync(TimeSpan.FromSeconds(5), CancellationToken.None);

        return await store.ReadChannelAsync(connection, CancellationToken.None);
    }

    private static RelayStore<TDbContext> Store<TDbContext>(ServiceProvider services, OutboxSettings<TDbContext> settings)
        where TDbContext : DbContext =>
        new(new(services.GetRequiredService<IServiceScopeFactory>(), settings), settings, TimeProvider.System);

    private sealed class RunningListener : IAsyncDisposable
    {
        private readonly ConcurrentQueue<WakeUpSource> _heard = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public RunningListener(ServiceProvider services)
        {
            OutboxSettings<NotesDbContext> settings = new(
                new() { KeepAliveInterval = TimeSpan.FromHours(1), KeepAliveTimeout = TimeSpan.FromSeconds(1) });
            Notifications = new(
                Store(services, settings), settings, new(TimeProvider.System, NullLogger<DatabaseOutage>.Instance), TimeProvider.System,
                NullLogger<Notifications<NotesDbContext>>.Instance);
            _running = Notifications.RunAsync(_heard.Enqueue, _stop.Token);
        }

        public Notifications<NotesDbContext> Notifications { get; }

        public Task ListensAsync() => Until.TrueAsync(() => Heard(WakeUpSource.Reconnect) == 1, "it listens");

        public int Heard(WakeUpSource source) => _heard.Count(x => x == source);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
        }
    }

    private sealed class PublicDbContext(DbContextOptions<PublicDbContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.HasDefaultSchema("public");
            modelBuilder.AddTransactionalOutboxEntities();
        }
    }

    private sealed class ElsewhereDbContext(DbContextOptions<ElsewhereDbContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.HasDefaultSchema("elsewhere");
            modelBuilder.AddTransactionalOutboxEntities();
        }
    }
}
