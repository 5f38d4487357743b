using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Games.AppHost.Servers;
using Games.Contracts;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Tests.Outages;

/// <summary>What the log of each process says of its broker.</summary>
public sealed class BrokerOutageTests(TestDatabase database, TestBroker shared, TestServers servers)
    : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private readonly Alarms _apiAlarms = new();
    private readonly Alarms _botAlarms = new();

    [Fact]
    public async Task A_broker_that_is_stopped_and_started_is_one_line_of_each_process_and_one_when_it_is_back()
    {
        await using var broker = new RabbitMqServer(servers.DirectoryOf("outage-log"));
        await broker.StartAsync();
        await using var apiHost = Api(broker.ConnectionString);
        await using var botHost = Bot(broker.ConnectionString);
        using var api = apiHost.CreateClient();
        using var bot = botHost.CreateClient();
        await Task.WhenAll(api.ReadyAsync(), bot.ReadyAsync());

        await broker.StopAsync();
        await api.CreateGameAsync();
        await Until.TrueAsync(() => _apiAlarms.Raised.Length > 0 && _botAlarms.Raised.Length > 0, "both tell of it", TimeSpan.FromSeconds(5));
        await Until.TrueAsync(
            async () => (await (await bot.GetAsync("/health/ready")).Content.ReadAsStringAsync()).Contains("connection refused (127.0.0.1:"),
            "it says why it is not ready");

        await broker.StartAsync();
        await Task.WhenAll(api.ReadyAsync(), bot.ReadyAsync());
        // A process that only sends knows that its broker is back when it has sent something; what waited may have left by the other one.
        await Until.TrueAsync(
            async () =>
            {
                await api.CreateGameAsync();
                return _apiAlarms.Informed.Any(line => line.Contains("available again"));
            },
            "the API has sent something");

        await _apiAlarms.OneOutageAsync("The broker", "connection refused (127.0.0.1:");
        await _botAlarms.OneOutageAsync("The broker", "connection refused (127.0.0.1:");
    }

    [Fact]
    public async Task A_broker_that_takes_connections_and_says_nothing_is_told_of_within_5_s_and_tried_again()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var address = $"amqp://games:secret@127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/";
        await using var apiHost = Api(address);
        await using var botHost = Bot(address);
        apiHost.StartServer();
        botHost.StartServer();
        var start = Stopwatch.GetTimestamp();

        await Until.TrueAsync(() => _apiAlarms.Raised.Length > 0 && _botAlarms.Raised.Length > 0, "both tell of it");
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
        foreach (var alarms in new[] { _apiAlarms, _botAlarms })
            Assert.Equal("The broker is not available, messages wait in the outbox: no answer in time", Assert.Single(alarms.Raised));

        // Both of each process's first attempt, and one of its second.
        for (var i = 0; i < 3; i++)
            (await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20))).Dispose();
        Assert.Single(_apiAlarms.Raised);
    }

    [Fact]
    public async Task A_message_that_is_given_up_is_one_line_with_its_cause_and_counted()
    {
        await using var botHost = Bot(shared.ConnectionString);
        using var bot = botHost.CreateClient();
        await bot.ReadyAsync();
        var (meters, counted) = (botHost.Services.GetRequiredService<IMeterFactory>(), 0L);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "games.messages.faulted" && instrument.Meter.Scope == meters)
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref counted, count));
        listener.Start();
        await using var connection = await new ConnectionFactory { Uri = new Uri(shared.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));

        await channel.BasicPublishAsync(
            Exchanges.GameCreated, "", mandatory: true,
            new BasicProperties { ContentType = "application/vnd.masstransit+json", MessageId = $"{Guid.NewGuid()}" },
            "this is no message"u8.ToArray());

        await Until.TrueAsync(() => _botAlarms.Raised.Length > 0, "it tells of it");
        var told = Assert.Single(_botAlarms.Raised);
        Assert.Contains("goes to announce-game_error: ", told);
        Assert.DoesNotContain('\n', told);
        Assert.Equal(1, Interlocked.Read(ref counted));
    }

    [Fact]
    public async Task A_message_whose_connection_breaks_while_it_is_consumed_comes_again_and_is_not_called_given_up()
    {
        await using var line = CuttableLine.ToBroker(shared.ConnectionString, out var through);
        await using var apiHost = Api(shared.ConnectionString);
        await using var botHost = Bot(through);
        using var api = apiHost.CreateClient();
        using var bot = botHost.CreateClient();
        await Task.WhenAll(api.ReadyAsync(), bot.ReadyAsync());

        await using var holder = new NpgsqlConnection($"{database.ConnectionString};Pooling=false");
        await holder.OpenAsync();
        await using (await holder.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("lock table announcements in exclusive mode", holder);
            await hold.ExecuteNonQueryAsync();
            // Databases that are copies have the table under the same number.
            await using var count = new NpgsqlCommand(
                """
                select count(*) from pg_locks l join pg_database d on d.oid = l.database
                where d.datname = current_database() and l.relation = 'announcements'::regclass and not l.granted
                """,
                holder);
            await api.CreateGameAsync();
            await Until.TrueAsync(async () => (long)(await count.ExecuteScalarAsync())! > 0, "it is consumed");
            line.Cut();
            await Until.TrueAsync(() => _botAlarms.Raised.Length > 0, "the bot tells of its broker");
        }

        await Until.TrueAsync(() => _botAlarms.Informed.Any(text => text.Contains("is to be announced")), "it has come again");
        await bot.ReadyAsync();
        Assert.DoesNotContain(_botAlarms.Raised, text => text.Contains("_error"));
    }

    [Fact]
    public async Task A_connection_that_breaks_while_a_message_waits_for_the_database_is_forgotten_once_both_are_back()
    {
        await using var line = CuttableLine.ToBroker(shared.ConnectionString, out var through);
        await using var apiHost = Api(shared.ConnectionString);
        await using var botHost = Bot(through);
        using var api = apiHost.CreateClient();
        using var bot = botHost.CreateClient();
        await Task.WhenAll(api.ReadyAsync(), bot.ReadyAsync());
        await SqlAsync("alter table announcements rename to lost");
        try
        {
            await api.CreateGameAsync();
            await Until.TrueAsync(async () => (await ReadyReportAsync(bot)).Contains("wait for the database"), "it waits for the database");
            var taken = line.Taken;
            line.Cut();
            await Until.TrueAsync(() => line.Taken > taken, "the bot connects anew");
        }
        finally
        {
            await SqlAsync("alter table lost rename to announcements");
        }

        await Until.TrueAsync(() => _botAlarms.Informed.Any(text => text.Contains("is to be announced")), "it has come again");
        await bot.ReadyAsync();
    }

    [Fact]
    public async Task A_broker_that_will_not_keep_a_message_is_asked_again_over_a_new_connection_and_nothing_is_lost()
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(shared.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.ExchangeDeclareAsync(Exchanges.GameCreated, ExchangeType.Fanout, durable: true);
        await channel.QueueDeclareAsync(
            "full", durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-max-length"] = 1, ["x-overflow"] = "reject-publish" });
        await channel.QueueBindAsync("full", Exchanges.GameCreated, "");
        await using var line = CuttableLine.ToBroker(shared.ConnectionString, out var through);
        await using var apiHost = Api(through);
        using var api = apiHost.CreateClient();
        await api.ReadyAsync();
        await api.CreateGameAsync();
        await Until.TrueAsync(async () => await channel.MessageCountAsync("full") == 1, "the queue is full");
        Assert.Equal(1, line.Taken);

        for (var i = 0; i < 3; i++)
            await api.CreateGameAsync();
        await Until.TrueAsync(() => line.Taken > 1, "it has connected anew");
        Assert.Contains("a queue is full or has no leader", Assert.Single(_apiAlarms.Raised));
        // Before the full one goes: a message that no queue gets is told of. One that the full one refuses meanwhile comes twice.
        await channel.QueueDeclareAsync("roomy", durable: true, exclusive: false, autoDelete: false);
        await channel.QueueBindAsync("roomy", Exchanges.GameCreated, "");
        await channel.QueueDeleteAsync("full");

        HashSet<string> come = [];
        await Until.TrueAsync(
            async () =>
            {
                while (await channel.BasicGetAsync("roomy", autoAck: true) is { } message)
                    come.Add(message.BasicProperties.MessageId!);
                return come.Count == 3;
            },
            "the others have come");
        await _apiAlarms.OneOutageAsync("The broker", "a queue is full or has no leader");
        await channel.QueueDeleteAsync("roomy");
    }

    private async Task SqlAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> ReadyReportAsync(HttpClient service)
    {
        using var answer = await service.GetAsync("/health/ready");
        return await answer.Content.ReadAsStringAsync();
    }

    private ApiHost Api(string broker) => new(database.ConnectionString, broker, services => Alarms.Hear(services, _apiAlarms));

    private BotHost Bot(string broker) => new(database.ConnectionString, broker, services => Alarms.Hear(services, _botAlarms));
}
