extern alias Ops;

using System.Net;
using Games.AppHost.Servers;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Ops::Games.Ops.Doctor;

namespace Games.Tests.Outages;

public sealed class FailoverTests(TestServers servers, TestBroker broker) : IClassFixture<TestBroker>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_the_primary_dies_and_its_standby_is_promoted_both_services_go_on_with_all_that_was_answered_201()
    {
        await using var primary = new PostgresServer(servers.DirectoryOf("failover-primary"))
        {
            // What is committed is on both.
            Settings = new Dictionary<string, string> { ["synchronous_standby_names"] = "*" },
        };
        await primary.StartAsync(Ct);
        await using var standby = new PostgresServer(servers.DirectoryOf("failover-standby")) { Primary = primary };
        await standby.StartAsync(Ct);
        var either = await MadeAsync(primary, standby);
        await using var apiHost = new ApiHost(either, broker.ConnectionString);
        await using var botHost = new BotHost(either, broker.ConnectionString);
        using var api = apiHost.CreateClient();
        using var bot = botHost.CreateClient();
        await bot.ReadyAsync();
        List<Guid> games = [await CreatedAsync(api)];
        await AnnouncedGames.HeardAsync(primary.ConnectionStringTo("games"), games);
        games.Add(await CreatedAsync(api));

        primary.Kill();
        using (var refused = await api.PostGameAsync(Requests.ValidGame()))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        await standby.PromoteAsync(Ct);

        games.Add(await CreatedAsync(api));
        await AnnouncedGames.HeardAsync(standby.ConnectionStringTo("games"), games);
        await api.ReadyAsync();
        await bot.ReadyAsync();
        Assert.Contains($" at 127.0.0.1:{standby.Port} ", await ExaminedAsync(either));
    }

    /// <summary>What the doctor says of the database.</summary>
    private static async Task<string> ExaminedAsync(string connectionString)
    {
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(connectionString).Options);
        return (await new DatabaseCheck(db).ExamineAsync(Ct).SingleAsync(Ct)).Saw;
    }

    /// <summary>A database on both; whoever connects gets to the one that takes writes.</summary>
    private static async Task<string> MadeAsync(PostgresServer primary, PostgresServer standby)
    {
        var games = await primary.CreateDatabaseAsync("games", ct: Ct);
        await Migrations.ApplyAsync(games);
        await TestKey.AddAsync($"{games};Pooling=false");
        return $"Host=127.0.0.1:{primary.Port},127.0.0.1:{standby.Port};Target Session Attributes=primary;Username=games;Database=games";
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
