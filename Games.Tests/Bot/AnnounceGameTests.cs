extern alias Bot;

using Bot::Games.Bot.Announcing;
using Bot::Games.Bot.Consumers;
using Games.Contracts;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Data;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Bot;

/// <summary>The consumer on MassTransit's test harness, with its inbox and its retries, and a real database.</summary>
public sealed class AnnounceGameTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly BotHost _host;

    public AnnounceGameTests(TestDatabase database)
    {
        _host = new BotHost(database.ConnectionString, ApiHost.NoBroker, services => services.AddMassTransitTestHarness(bus =>
        {
            bus.SetTestTimeouts(testInactivityTimeout: TimeSpan.FromSeconds(30));
            bus.AddConsumer<AnnounceGameConsumer, AnnounceGameConsumerDefinition>();
            bus.AddEntityFrameworkOutbox<GamesDbContext>(outbox => outbox.UsePostgres());
        }));
        _host.StartServer();
    }

    private ITestHarness Harness => _host.Services.GetTestHarness();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_game_created_is_announced_in_its_channel()
    {
        var game = NewGame.With(title: "Friday raid", description: "bring snacks");
        game.JoinBy("400000000000000001", "400000000000000002");
        await StoreAsync(game);

        await Harness.Bus.Publish(EventOf(game));

        await Until.TrueAsync(async () => await FindAsync(game.Id) is not null, "the game is announced");
        var announcement = (await FindAsync(game.Id))!;
        Assert.Equal(AnnouncementText.Of(game, game.Players), announcement.Text);
        Assert.Contains("Players: 2/5", announcement.Text);
        Assert.Equal(NewGame.ChannelId, announcement.ChannelId);
        Assert.Null(announcement.MessageId);
        await Until.TrueAsync(
            () => _host.Log.Lines.Any(line => line.Contains($"{game.Id}") && line.Contains("Friday raid") && line.Contains(NewGame.ChannelId)),
            "the log tells it");
    }

    [Fact]
    public async Task Many_games_created_at_once_are_announced_each()
    {
        var games = Enumerable.Range(0, 100).Select(_ => NewGame.With()).ToArray();
        foreach (var game in games)
            await StoreAsync(game);

        // Every tenth event twice: another message about the same game.
        await Task.WhenAll(games.Concat(games.Where((_, i) => i % 10 == 0)).Select(game => Harness.Bus.Publish(EventOf(game))));

        foreach (var game in games)
            await Until.TrueAsync(async () => await FindAsync(game.Id) is not null, $"game {game.Id} is announced");
    }

    [Fact]
    public async Task A_second_event_about_the_same_game_announces_nothing_more()
    {
        var game = NewGame.With();
        await StoreAsync(game);
        await Harness.Bus.Publish(EventOf(game));
        await Until.TrueAsync(async () => await FindAsync(game.Id) is not null, "the game is announced");
        var first = await FindAsync(game.Id);

        await Harness.Bus.Publish(EventOf(game));

        await Until.TrueAsync(() => _host.Log.Lines.Any(line => line.Contains($"{game.Id} is announced already")), "the second is seen");
        Assert.True(await Harness.Consumed.Any<GameCreated>(consumed => consumed.Context.Message.GameId == game.Id && consumed.Exception is null));
        Assert.False(await Harness.Published.Any<Fault<GameCreated>>(
            fault => fault.Context.Message.Message.GameId == game.Id, new CancellationToken(canceled: true)));
        Assert.Equal(first!.CreatedAt, (await FindAsync(game.Id))!.CreatedAt);
    }

    [Fact]
    public async Task An_event_without_its_game_is_loud_and_not_tried_again()
    {
        var missing = NewGame.With();

        await Harness.Bus.Publish(EventOf(missing));

        Assert.True(await Harness.Published.Any<Fault<GameCreated>>(fault => fault.Context.Message.Message.GameId == missing.Id));
        var fault = Harness.Published.Select<Fault<GameCreated>>(fault => fault.Context.Message.Message.GameId == missing.Id).First();
        Assert.Equal(typeof(GameNotFoundException).FullName, fault.Context.Message.Exceptions.Single().ExceptionType);
        Assert.Single(_host.Log.Lines, line => line.StartsWith("Critical", StringComparison.Ordinal) && line.Contains($"{missing.Id}"));
        Assert.Null(await FindAsync(missing.Id));
    }

    private static GameCreated EventOf(Game game) => game.Created("somebody");

    private async Task StoreAsync(params object[] entities)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        db.AddRange(entities);
        await db.SaveChangesAsync();
    }

    private async Task<Announcement?> FindAsync(Guid gameId)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        return await db.Announcements.AsNoTracking().SingleOrDefaultAsync(announcement => announcement.GameId == gameId);
    }
}
