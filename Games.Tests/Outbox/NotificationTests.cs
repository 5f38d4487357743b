using System.Collections.Concurrent;
using System.Diagnostics;
using Games.Outbox;
using Games.Outbox.Database;
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

/// <summary>One process wakes the relay of another. Whoever must not find a row by looking, looks every hour.</summary>
public sealed class NotificationTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    private const string UnreachableBroker = "rabbitmq://guest:guest@127.0.0.1:1/";

    private static readonly (string, string)[] NeverLooks = [("Outbox:PollInterval", "01:00:00"), ("Outbox:KeepAliveInterval", "01:00:00")];

    [Fact]
    public async Task What_a_process_told_not_to_deliver_has_committed_another_publishes_at_once()
    {
        await using var other = await StartAsync(database.ConnectionString, NeverLooks);
        await using var silent = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString,
            outbox: x => x.UseBusOutbox(bus => bus.DisableDeliveryService()));

        await AssertPublishesAsync(silent, other);
    }

    [Fact]
    public async Task What_a_process_without_its_broker_has_committed_another_publishes_at_once()
    {
        await using var other = await StartAsync(database.ConnectionString, NeverLooks);
        await using var cutOff = await StartCutOffAsync();

        await AssertPublishesAsync(cutOff, other);
    }

    [Fact]
    public async Task A_relay_whose_connection_was_terminated_hears_again()
    {
        await using var other = await StartAsync(database.ConnectionString, NeverLooks);
        await using var cutOff = await StartCutOffAsync();
        await AssertPublishesAsync(cutOff, other);
        var terminated = await TerminateAsync();

        await Until.TrueAsync(async () => !(await BackendsAsync()).Intersect(terminated).Any() && Notifications(other).IsListening,
            "it listens again", TimeSpan.FromSeconds(5));

        await AssertPublishesAsync(cutOff, other);
    }

    [Fact]
    public async Task A_line_that_is_silently_dead_is_found_out_and_what_was_missed_is_published()
    {
        await using var line = CuttableLine.ToPostgres(database.ConnectionString, out var through);
        await using var other = await StartAsync(through,
            ("Outbox:PollInterval", "01:00:00"), ("Outbox:KeepAliveInterval", "00:00:01"), ("Outbox:KeepAliveTimeout", "00:00:01"));
        await using var cutOff = await StartCutOffAsync();

        line.Freeze();
        var missed = await cutOff.TakeNoteAsync();
        await Until.TrueAsync(() => other.Logs.At(LogLevel.Warning).Any(x => x.Contains("notifications is lost")), "the loss is noticed", TimeSpan.FromSeconds(10));
        line.Thaw();

        await Until.TrueAsync(() => Texts(other).Contains(missed.Text), "what was missed has arrived", TimeSpan.FromSeconds(10));
        await Until.TrueAsync(() => Notifications(other).IsListening, "it listens again", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Without_notifications_rows_are_found_by_the_poll()
    {
        await using var other = await StartAsync(database.ConnectionString, listens: false, ("Outbox:Notifications", "false"), ("Outbox:PollInterval", "00:00:00.200"));
        await using var silent = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString,
            outbox: x => x.UseBusOutbox(bus => bus.DisableDeliveryService()), host: x => x.Configuration["Outbox:Notifications"] = "false");

        await AssertPublishesAsync(silent, other);
        Assert.Empty(await BackendsAsync());
    }

    [Fact]
    public async Task With_nothing_to_do_relay_listener_and_clean_up_send_twelve_statements_a_minute_at_most()
    {
        const int Scale = 60;
        var defaults = new OutboxOptions();
        var counter = new StatementCounter();
        await using var line = CuttableLine.ToPostgres($"{database.ConnectionString};Max Auto Prepare=100", out var through, counter);
        await using var service = await StartAsync(through, [.. new[] { "PollInterval", "KeepAliveInterval", "CleanUpInterval" }
            .Select(x => ($"Outbox:{x}", ((TimeSpan)typeof(OutboxOptions).GetProperty(x)!.GetValue(defaults)! / Scale).ToString()))]);
        await Until.TrueAsync(async () => !await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync()), "it has nothing to do");

        var before = counter.Count;
        var since = Stopwatch.GetTimestamp();
        await Until.TrueAsync(() => counter.Count >= before + 60, "sixty statements were sent");

        Assert.InRange((counter.Count - before) / (Stopwatch.GetElapsedTime(since) * Scale).TotalMinutes, 1, 12);
    }

    [Fact]
    public async Task A_relay_is_woken_by_others_and_by_each_reconnection_and_not_by_itself()
    {
        await using var services = Contexts<NotesDbContext>();
        await using var one = Listener(services);
        await using var two = Listener(services);
        await using var witness = Listener(services);
        await Task.WhenAll(one.ListensAsync(), two.ListensAsync(), witness.ListensAsync());

        one.Notifications.Notify();
        two.Notifications.Notify();
        await Until.TrueAsync(() => witness.Heard(WakeUpSource.Notify) == 2, "both have told");
        await Until.TrueAsync(() => one.Heard(WakeUpSource.Notify) > 0 && two.Heard(WakeUpSource.Notify) > 0, "each hears the other");

        await TerminateAsync();

        // Once for the loss, from which on the relay looks for itself, and once for what was told meanwhile.
        await Until.TrueAsync(() => one.Heard(WakeUpSource.Reconnect) == 3 && two.Heard(WakeUpSource.Reconnect) == 3, "both are back");
        Assert.Equal((1, 1), (one.Heard(WakeUpSource.Notify), two.Heard(WakeUpSource.Notify)));
    }

    [Fact]
    public async Task A_burst_of_commits_is_told_by_few_notifications_and_its_last_is_not_forgotten()
    {
        await using var services = Contexts<NotesDbContext>();
        await using var one = Listener(services);
        await using var two = Listener(services);
        await using var other = Listener(services);
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
        await using var sender = Listener(throughLine);
        await using var hearer = Listener(services);
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
        await WithDbAsync<NotesDbContext>(notes, db => db.Database.EnsureCreatedAsync());
        await WithDbAsync<ElsewhereDbContext>(elsewhere, db => db.Database.ExecuteSqlRawAsync(
            """CREATE SCHEMA IF NOT EXISTS elsewhere; CREATE TABLE IF NOT EXISTS elsewhere."OutboxMessage" (LIKE public."OutboxMessage" INCLUDING ALL)"""));

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

    private static async Task AssertPublishesAsync(NotesService from, NotesService through)
    {
        // More than one, so that a look that happened to come by cannot pass for a wake-up.
        for (var i = 0; i < 3; i++)
        {
            var taken = await from.TakeNoteAsync();
            await Until.TrueAsync(() => Texts(through).Contains(taken.Text), "the other has published it", TimeSpan.FromSeconds(5));
        }
    }

    private Task<NotesService> StartAsync(string connectionString, params (string Key, string Value)[] settings) =>
        StartAsync(connectionString, listens: true, settings);

    private async Task<NotesService> StartAsync(string connectionString, bool listens, params (string Key, string Value)[] settings)
    {
        var service = await NotesService.StartAsync(connectionString, broker.ConnectionString, x => x.AddConsumer<TakenConsumer>(),
            host: x => x.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)));
        var first = await service.TakeNoteAsync();
        await Until.TrueAsync(() => Texts(service).Contains(first.Text), "messages flow");
        await Until.TrueAsync(() => Notifications(service).IsListening == listens, "it listens");

        return service;
    }

    private Task<NotesService> StartCutOffAsync() => NotesService.StartAsync(database.ConnectionString, UnreachableBroker,
        host: x => x.Services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = false));

    private static Notifications<NotesDbContext> Notifications(NotesService service) =>
        service.Services.GetRequiredService<Notifications<NotesDbContext>>();

    private static string[] Texts(NotesService service) => [.. service.Services.GetRequiredService<Seen>().Of<string>()];

    private Task<int[]> BackendsAsync() => ReadAsync(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'outbox' AND datname = current_database()");

    private async Task<int[]> TerminateAsync()
    {
        var backends = await BackendsAsync();
        await ReadAsync($"SELECT 1 FROM unnest('{{{string.Join(',', backends)}}}'::int[]) pid WHERE pg_terminate_backend(pid)");

        return backends;
    }

    private async Task<int[]> ReadAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var numbers = new List<int>();
        while (await reader.ReadAsync())
            numbers.Add(reader.GetInt32(0));

        return [.. numbers];
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

    private static RunningListener Listener(ServiceProvider services) => new(services);

    private sealed class RunningListener : IAsyncDisposable
    {
        private readonly ConcurrentQueue<WakeUpSource> _heard = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public RunningListener(ServiceProvider services)
        {
            OutboxSettings<NotesDbContext> settings = new(new() { KeepAliveInterval = TimeSpan.FromHours(1), KeepAliveTimeout = TimeSpan.FromSeconds(1) });
            Notifications = new(Store(services, settings), settings, TimeProvider.System, NullLogger<Notifications<NotesDbContext>>.Instance);
            _running = StartAsync(services);
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

        private async Task StartAsync(ServiceProvider services)
        {
            await WithDbAsync<NotesDbContext>(services, db => db.Database.EnsureCreatedAsync());
            await Notifications.RunAsync(_heard.Enqueue, _stop.Token);
        }
    }

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context.Message.Text);

            return Task.CompletedTask;
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
