using Games.Bench.Discord;
using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Bench;

public sealed class DiscordTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private static readonly IReadOnlyDictionary<string, int> None = new Dictionary<string, int>();

    private static readonly DiscordFigures Good = new(
        300, None, Distribution.Of([60, 60, 250]), 0, 0, Distribution.Of([300]), None, 0);

    [Fact]
    public void What_is_only_slow_is_no_complaint() =>
        Assert.True((Good with { MessageMilliseconds = Distribution.Of([5_000]), ClickMilliseconds = Distribution.Of([5_000]) }).Passed);

    [Fact]
    public void What_is_lost_doubled_or_too_early_is_a_complaint_each()
    {
        (string Said, DiscordFigures Figures)[] bad =
        [
            ("2 games were refused: 503", Good with { Refused = new Dictionary<string, int> { ["503"] = 2 } }),
            ("3 games have no message", Good with { Missing = 3 }),
            ("4 games have more than one", Good with { Doubled = 4 }),
            ("5 clicks were not answered as they should be: thinking", Good with { Unanswered = new Dictionary<string, int> { ["thinking"] = 5 } }),
            ("6 requests came before", Good with { TooEarly = 6 }),
        ];

        Assert.All(bad, one => Assert.Contains(one.Said, Assert.Single(one.Figures.Complaints)));
    }

    [Fact]
    public async Task Every_game_is_seen_in_Discord_once_and_every_click_is_answered()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var discord = await FakeDiscord.StandIn.StartAsync();
        await using var bot = new BotHost(
            database.ConnectionString, broker.ConnectionString,
            settings: [("Discord:Token", "a.test.token"), ("Discord:BaseAddress", $"{discord.Address}/api/v10")]);
        await using var api = new ApiHost(database.ConnectionString, broker.ConnectionString, settings: ApiHost.FreePort);
        api.UseKestrel();
        var address = api.CreateClient().BaseAddress!;
        bot.StartServer();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        using var people = new StandIn(new Uri(discord.Address));
        await people.AddAsync(channels: 3, DiscordRun.Users, ct);
        using var connections = new ApiConnections(address, await BenchKey.CreateAsync(source, ct), connections: 8);

        var load = new DiscordLoad(Rate: 10, Channels: 3, ClickRate: 10, Seconds: 1, WarmUpSeconds: 0, Timeout: TimeSpan.FromSeconds(60));
        var figures = await new DiscordRun(connections, source, people, load).RunAsync((_, _) => new Progress<double>(), ct);

        Assert.Equal((10, 10, 0, 0), (figures.Games, figures.MessageMilliseconds.Count, figures.Missing, figures.Doubled));
        Assert.Empty(figures.Refused);
        Assert.Empty(figures.Unanswered);
        Assert.Equal(10, figures.ClickMilliseconds.Count);
        Assert.InRange(figures.MessageMilliseconds.P50!.Value, 0.1, 60_000);
    }
}
