using Games.Contracts;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Data;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.MainJob;

public sealed class ManyGamesTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task Every_game_of_many_clients_is_announced_once_and_never_before_it_is_there()
    {
        await using var services = new RunningServices(database.ConnectionString, broker.ConnectionString);
        await Task.WhenAll(services.Api.StartAsync(), services.Bot.StartAsync());

        var games = await services.CreateGamesAsync(500, clients: 32);

        Assert.Equal(500, games.Length);
        await services.AllAnnouncedAsync(games);
        await services.OutboxEmptyAsync();
        await Until.TrueAsync(() => games.All(x => services.TimesAnnounced(x) == 1), "each is in the bot's log once");
        Assert.DoesNotContain(services.BotLog, x => x.Contains("not found"));
    }

    [Fact]
    public async Task The_same_consumer_does_lose_a_game_whose_event_comes_before_its_commit()
    {
        await using var bot = new BotHost(database.ConnectionString, broker.ConnectionString);
        using var client = bot.CreateClient();
        await client.ReadyAsync();
        var game = NewGame.With();

        await using (var scope = bot.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(game);
            await db.SaveChangesAsync();
            await scope.ServiceProvider.GetRequiredService<IBus>().Publish(
                new GameCreated(game.Id, game.GuildId, game.ChannelId, game.HostId, game.Title, game.ScheduledAt, game.MaxPlayers));
            await Until.TrueAsync(() => bot.Log.Lines.Any(x => x.Contains($"Game {game.Id} not found")), "the bot was faster than the commit");
            await transaction.CommitAsync();
        }

        await using var services = new RunningServices(database.ConnectionString, broker.ConnectionString);
        await services.Api.StartAsync();
        var later = await services.CreateGamesAsync(1, clients: 1);
        await services.AllAnnouncedAsync(later);
        Assert.Equal([game.Id], await services.MissingAsync([game.Id]));
    }
}
