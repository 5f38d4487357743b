using System.Diagnostics;
using Games.AppHost.Servers;
using Games.Tests.Servers;

namespace Games.Tests.MainJob;

/// <summary>On a RabbitMQ of its own, because it is taken away.</summary>
public sealed class BrokerReconnectionTests(TestDatabase database, TestServers servers) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task The_bot_consumes_within_5_s_of_the_brokers_return_however_many_outages_came_before()
    {
        await using var broker = new RabbitMqServer(servers.DirectoryOf("reconnection"));
        await broker.StartAsync();
        await using var services = new RunningServices(database.ConnectionString, broker.ConnectionString);
        await Task.WhenAll(services.Api.StartAsync(), services.Bot.StartAsync());
        var games = new List<Guid>();

        for (var outage = 1; outage <= 3; outage++)
        {
            await broker.StopAsync();
            await Until.TrueAsync(async () => !await IsReadyAsync(services), "the bot says that it cannot work");
            games.AddRange(await services.CreateGamesAsync(20, clients: 4));

            await broker.StartAsync();
            if (outage == 2)
                // Gone again while everybody connects.
                await broker.RestartAsync(kill: true);

            var back = Stopwatch.GetTimestamp();
            await services.BotReadyAsync("the bot consumes again");
            var recovery = Stopwatch.GetElapsedTime(back);
            Assert.True(recovery < TimeSpan.FromSeconds(5), $"Outage {outage}: the bot took {recovery.TotalSeconds:F1} s.");
            await services.AllAnnouncedAsync([.. games]);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{outage}: {recovery.TotalSeconds:F1} s, {Stopwatch.GetElapsedTime(back).TotalSeconds:F1} s");
        }

        await services.OutboxEmptyAsync();
        Assert.Equal(60, await services.CountAsync("SELECT count(*) FROM announcements"));
    }

    private static async Task<bool> IsReadyAsync(RunningServices services)
    {
        using var bot = services.Client(services.Bot);

        return (await bot.GetAsync("/health/ready")).IsSuccessStatusCode;
    }
}
