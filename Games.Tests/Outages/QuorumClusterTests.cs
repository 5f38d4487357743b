using Games.AppHost.Servers;
using Games.ServiceDefaults;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Servers;

namespace Games.Tests.Outages;

public sealed class QuorumClusterTests(TestServers servers, TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly (string, string) Quorum = (BrokerQueues.Quorum, "true");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_a_node_of_three_dies_the_bot_hears_of_each_game_all_the_same()
    {
        await using var first = new RabbitMqServer(servers.DirectoryOf("cluster-1"));
        await using var second = new RabbitMqServer(servers.DirectoryOf("cluster-2")) { Joins = first };
        await using var third = new RabbitMqServer(servers.DirectoryOf("cluster-3")) { Joins = first };
        await first.StartAsync(Ct);
        await Task.WhenAll(second.StartAsync(Ct), third.StartAsync(Ct));
        // Not the first, whose port mapper is that of all. A queue's leader is where the bot that declares it is connected.
        var nodes = $"amqp://guest:guest@127.0.0.1:{second.Port},127.0.0.1:{third.Port}/";
        await using var apiHost = new ApiHost(database.ConnectionString, nodes, settings: Quorum);
        await using var botHost = new BotHost(database.ConnectionString, nodes, settings: Quorum);
        using var api = apiHost.CreateClient();
        using var bot = botHost.CreateClient();
        await bot.ReadyAsync();
        List<Guid> games = [(await api.CreateGameAsync()).IdOf()];
        await AnnouncedGames.HeardAsync(database.ConnectionString, games);

        foreach (var node in new[] { third, second })
        {
            node.Kill();
            for (var i = 0; i < 20; i++)
                games.Add((await api.CreateGameAsync()).IdOf());
            await AnnouncedGames.HeardAsync(database.ConnectionString, games);
            await node.StartAsync(Ct);
            await bot.ReadyAsync();
        }
    }
}
