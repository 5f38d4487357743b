using Games.Tests.Servers;

namespace Games.Tests.MainJob;

public sealed class DeathTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task A_process_killed_after_the_commit_and_before_its_relay_has_run_loses_nothing()
    {
        await using var stranded = new RunningServices(database.ConnectionString, Api.ApiHost.NoBroker);
        await stranded.Api.StartAsync();
        var games = await stranded.CreateGamesAsync(20, clients: 4);
        stranded.Api.Kill();
        Assert.Equal(20, games.Length);
        Assert.Equal(20, await stranded.CountAsync("""SELECT count(*) FROM "OutboxMessage" WHERE "EnqueueTime" IS NULL"""));

        await using var heir = new RunningServices(database.ConnectionString, broker.ConnectionString);
        await Task.WhenAll(heir.Api.StartAsync(), heir.Bot.StartAsync());

        await heir.AllAnnouncedAsync(games);
        await heir.OutboxEmptyAsync();
    }

    [Fact]
    public async Task An_api_killed_under_load_loses_nothing_of_what_it_had_answered()
    {
        await using var services = new RunningServices(database.ConnectionString, broker.ConnectionString);
        await using var heir = services.NewApi();
        await Task.WhenAll(services.Api.StartAsync(), services.Bot.StartAsync(), heir.StartAsync());

        var games = await services.CreateGamesAsync(300, clients: 16, created =>
        {
            if (created == 100)
                services.Api.Kill();
        });

        Assert.InRange(games.Length, 100, 299);
        await services.AllAnnouncedAsync(games);
        await services.OutboxEmptyAsync();
        await Until.TrueAsync(() => games.All(x => services.TimesAnnounced(x) == 1), "each is in the bot's log once");
    }

    [Fact]
    public async Task A_bot_killed_under_load_announces_everything_once_after_its_return()
    {
        await using var services = new RunningServices(database.ConnectionString, broker.ConnectionString);
        await Task.WhenAll(services.Api.StartAsync(), services.Bot.StartAsync());

        var games = await services.CreateGamesAsync(300, clients: 16, created =>
        {
            if (created == 100)
                services.Bot.Kill();
        });
        await services.Bot.StartAsync();

        Assert.Equal(300, games.Length);
        await services.AllAnnouncedAsync(games);
        Assert.Equal(0, await services.CountAsync("SELECT count(*) - count(DISTINCT game_id) FROM announcements"));
        Assert.DoesNotContain(services.BotLog, x => x.Contains("is announced already"));
    }
}
