extern alias Ops;

using System.Net;
using Games.AppHost.Servers;
using Games.Data;
using Games.Outbox.Database;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Ops::Games.Ops.Doctor;

namespace Games.Tests.Outages;

public sealed class FailoverTests(TestServers servers, TestBroker broker) : IClassFixture<TestBroker>
{
    private readonly Alarms _apiAlarms = new();
    private readonly Alarms _botAlarms = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_the_primary_dies_and_its_standby_is_promoted_both_services_go_on_with_all_that_was_answered_201()
    {
        await using var pair = await PrimaryAndStandby.StartAsync(servers, "failover", Ct);
        var (primary, standby) = (pair.Primary, pair.Standby);
        var either = await pair.CreateDatabaseAsync(Ct);
        await using var apiHost = Api(either);
        await using var botHost = new BotHost(either, broker.ConnectionString, services => Alarms.Hear(services, _botAlarms));
        using var api = apiHost.CreateClient();
        using var bot = botHost.CreateClient();
        await bot.ReadyAsync();
        List<Guid> games = [await CreatedAsync(api)];
        await AnnouncedGames.HeardAsync(primary.ConnectionStringTo("games"), games);
        games.Add(await CreatedAsync(api));

        primary.Kill();
        using (var refused = await api.PostGameAsync(Requests.ValidGame()))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        // That none of the hosts is the one that is wanted is the same outage: nobody tells of it beside.
        await Until.TrueAsync(() => _apiAlarms.Raised.Length > 0 && _botAlarms.Raised.Length > 0, "both tell of it");
        await standby.PromoteAsync(Ct);

        games.Add(await CreatedAsync(api));
        await AnnouncedGames.HeardAsync(standby.ConnectionStringTo("games"), games);
        await api.ReadyAsync();
        await bot.ReadyAsync();
        Assert.Contains($" at 127.0.0.1:{standby.Port} ", await ExaminedAsync(either));
        await _apiAlarms.OneOutageAsync("The database", "");
        await _botAlarms.OneOutageAsync("The database", "");
    }

    [Fact]
    public async Task What_listens_beside_the_pool_is_connected_to_the_primary_wherever_it_stands_in_the_list()
    {
        await using var pair = await PrimaryAndStandby.StartAsync(servers, "listed", Ct);
        var databases = new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(
            $"Host=127.0.0.1:{pair.Standby.Port},127.0.0.1:{pair.Primary.Port};Target Session Attributes=primary;Username=games;Database=postgres");
        await using var db = new GamesDbContext(databases.Options);

        await db.Database.OpenConnectionAsync(Ct);
        await db.Database.CloseConnectionAsync();
        await using var connection = await DedicatedConnection.OpenAsync(db, "events", TimeSpan.FromSeconds(5), Ct);

        Assert.Equal(pair.Primary.Port, connection.Port);
    }

    private ApiHost Api(string either) => new(either, broker.ConnectionString, services => Alarms.Hear(services, _apiAlarms));

    /// <summary>What the doctor says of the database.</summary>
    private static async Task<string> ExaminedAsync(string connectionString)
    {
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(connectionString).Options);
        return (await new DatabaseCheck(db).ExamineAsync(Ct).SingleAsync(Ct)).Saw;
    }

    private static async Task<Guid> CreatedAsync(HttpClient api)
    {
        HttpResponseMessage? answer = null;
        await Until.TrueAsync(
            async () =>
            {
                answer?.Dispose();
                answer = await api.PostGameAsync(Requests.ValidGame());
                return answer.StatusCode is HttpStatusCode.Created;
            },
            "a game is created");
        using (answer)
            return (await answer!.BodyAsync()).IdOf();
    }
}
