using System.Net;
using Games.AppHost.Servers;
using Games.Tests.Api;
using Games.Tests.Servers;

namespace Games.Tests.MainJob;

/// <summary>On a RabbitMQ of its own, because it is taken away.</summary>
public sealed class BrokerOutageTests(TestDatabase database, TestServers servers) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Games_created_while_the_broker_is_down_or_restarts_are_announced_once_when_it_is_back()
    {
        await using var broker = new RabbitMqServer(servers.DirectoryOf("outage"));
        await broker.StartAsync();
        await using var services = new RunningServices(database.ConnectionString, broker.ConnectionString);
        await Task.WhenAll(services.Api.StartAsync(), services.Bot.StartAsync());

        await broker.StopAsync();
        using var client = services.Client();
        var during = await services.CreateGamesAsync(50, clients: 8);
        Assert.Equal(50, during.Length);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(during.Length, (await services.MissingAsync(during)).Length);
        Assert.Equal(0, await services.CountAsync("""SELECT count(*) FROM "OutboxMessage" WHERE "Attempts" > 0"""));

        await broker.StartAsync();
        await services.AllAnnouncedAsync(during);

        var restart = new TaskCompletionSource<Task>();
        var through = await services.CreateGamesAsync(600, clients: 16, created =>
        {
            if (created == 100)
                restart.TrySetResult(broker.RestartAsync(kill: true));
        });
        await await restart.Task;

        Assert.Equal(600, through.Length);
        await services.AllAnnouncedAsync(through);
        await services.OutboxEmptyAsync();
        Assert.Equal(650, await services.CountAsync("SELECT count(*) FROM announcements"));
        Assert.DoesNotContain(services.BotLog, x => x.Contains("is announced already"));
    }
}
