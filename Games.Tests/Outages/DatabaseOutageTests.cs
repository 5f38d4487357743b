using System.Net;
using System.Text.Json;
using Games.AppHost.Servers;
using Games.Contracts;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Servers;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Tests.Outages;

/// <summary>On a PostgreSQL of its own, which it stops and starts: what the log of each process says of it.</summary>
public sealed class DatabaseOutageTests(TestServers servers, TestBroker broker) : IClassFixture<TestBroker>, IAsyncLifetime
{
    private readonly Alarms _apiAlarms = new();
    private readonly Alarms _botAlarms = new();
    private PostgresServer? _postgres;
    private string _database = "";

    public async ValueTask InitializeAsync()
    {
        try
        {
            _postgres = new PostgresServer(servers.DirectoryOf($"postgres-outage-{Guid.NewGuid():n}"));
            await _postgres.StartAsync();
        }
        catch (ServerUnavailableException unavailable) when (Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip(unavailable.Message);
        }

        _database = await _postgres.CreateDatabaseAsync("games");
        await Migrations.ApplyAsync(_database);
        await TestKey.AddAsync(_database);
    }

    public ValueTask DisposeAsync()
    {
        _postgres?.Kill();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_that_is_stopped_and_started_is_one_line_of_each_process_and_one_when_it_is_back(bool killed)
    {
        await using var apiHost = Api();
        await using var botHost = Bot();
        using var api = apiHost.CreateClient();
        using var bot = botHost.CreateClient();
        await Task.WhenAll(api.ReadyAsync(), bot.ReadyAsync());
        await api.CreateGameAsync();

        if (killed)
            _postgres!.Kill();
        else
            await _postgres!.StopAsync();
        for (var i = 0; i < 5; i++)
        {
            using var refused = await api.PostGameAsync(Requests.ValidGame());
            // Its trace is in the log all the same.
            await refused.IsProblemAsync(HttpStatusCode.ServiceUnavailable, apiHost.Log);
        }

        await Until.TrueAsync(() => _apiAlarms.Raised.Length > 0 && _botAlarms.Raised.Length > 0, "both processes have told of it");
        foreach (var service in new[] { api, bot })
        {
            await Until.TrueAsync(async () => (await ProblemAsync(service, "games-database")) == $"connection refused (127.0.0.1:{_postgres.Port})",
                "it says which check is red and why");
            Assert.DoesNotContain("Username", await (await service.GetAsync("/health/ready")).Content.ReadAsStringAsync());
        }

        await _postgres.StartAsync();
        await Task.WhenAll(api.ReadyAsync(), bot.ReadyAsync());

        // Whatever it met first: a server that stops, or one that is gone.
        await _apiAlarms.OneOutageAsync("The database", "");
        await _botAlarms.OneOutageAsync("The database", "");
        Assert.Contains(_apiAlarms.Raised, line => line.EndsWith($"connection refused (127.0.0.1:{_postgres.Port})", StringComparison.Ordinal)
            || line.Contains("(57P03)"));
    }

    [Fact]
    public async Task A_connection_that_is_ended_is_no_outage()
    {
        // No bot runs here, and a message that no queue gets is told of.
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.ExchangeDeclareAsync(Exchanges.GameCreated, ExchangeType.Fanout, durable: true);
        var queue = await channel.QueueDeclareAsync();
        await channel.QueueBindAsync(queue.QueueName, Exchanges.GameCreated, "");
        await using var apiHost = Api();
        using var api = apiHost.CreateClient();
        await api.ReadyAsync();

        await using (var source = NpgsqlDataSource.Create(_database))
        await using (var end = source.CreateCommand("""
            select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'Games.Api%' and pid <> pg_backend_pid()
            """))
        {
            Assert.True((long)(await end.ExecuteScalarAsync())! > 0);
        }

        await Until.TrueAsync(async () => (await api.PostGameAsync(Requests.ValidGame())).StatusCode is HttpStatusCode.Created, "it serves");
        await api.ReadyAsync();
        Assert.Empty(_apiAlarms.Raised);
        Assert.DoesNotContain(_apiAlarms.Informed, line => line.Contains("available again"));
    }

    [Fact]
    public async Task An_api_that_starts_before_its_database_tells_of_it_once_and_by_its_cause()
    {
        await _postgres!.StopAsync();
        await using var botHost = Bot();
        using var bot = botHost.CreateClient();
        await Until.TrueAsync(() => _botAlarms.Raised.Length > 0, "it tells of it");

        await _postgres.StartAsync();
        await bot.ReadyAsync();

        await _botAlarms.OneOutageAsync("The database", $"is not available: connection refused (127.0.0.1:{_postgres.Port})");
    }

    private ApiHost Api() => new(_database, broker.ConnectionString, services => Alarms.Hear(services, _apiAlarms));

    private BotHost Bot() => new(_database, broker.ConnectionString, services => Alarms.Hear(services, _botAlarms));


    private static async Task<string?> ProblemAsync(HttpClient service, string check)
    {
        using var ready = await service.GetAsync("/health/ready");
        return JsonElement.Parse(await ready.Content.ReadAsStringAsync()).GetProperty("checks").GetProperty(check).GetProperty("problem").GetString();
    }
}
