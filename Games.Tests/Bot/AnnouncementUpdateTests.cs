extern alias Bot;

using Bot::Games.Bot.Announcing;
using Games.Contracts;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Bot;

/// <summary>What the channel is to read after each event, whenever and however often that comes.</summary>
public sealed class AnnouncementUpdateTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private const string Ada = "400000000000000001";
    private const string Bob = "400000000000000002";

    private readonly GameNight _night = new(database.ConnectionString);

    public ValueTask DisposeAsync() => _night.DisposeAsync();

    private Task<int> WriteAsync(Guid id, Func<Task> beforeCommit) => _night.InScopeAsync(async scope =>
    {
        await using var transaction = await scope.GetRequiredService<GamesDbContext>().Database.BeginTransactionAsync();
        await scope.GetRequiredService<AnnouncementWriter>().WriteAsync([(id, null)], default);
        await beforeCommit();
        await transaction.CommitAsync();
        return 0;
    });

    [Fact]
    public async Task Two_events_that_announce_a_game_at_once_are_no_error_of_the_database()
    {
        var game = NewGame.With();
        await _night.InScopeAsync(scope =>
        {
            var db = scope.GetRequiredService<GamesDbContext>();
            db.Add(game);
            return db.SaveChangesAsync();
        });
        var (isWritten, commits) = (new TaskCompletionSource(), new TaskCompletionSource());
        var first = WriteAsync(game.Id, async () =>
        {
            isWritten.SetResult();
            await commits.Task;
        });
        await isWritten.Task;

        var second = WriteAsync(game.Id, () => Task.CompletedTask);
        await Until.TrueAsync(
            async () => await _night.CountAsync(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = $1", "Lock") == 1,
            "the second waits for the first");
        commits.SetResult();

        await first;
        // Its message is tried again, and finds what the first has written.
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => second);
        Assert.Equal(1, (await _night.AnnouncementAsync(game.Id))!.Version);
    }

    [Fact]
    public async Task After_each_event_it_tells_of_the_game_as_it_is()
    {
        var id = await _night.CreateAsync(NewGame.With(maxPlayers: 1).Details);
        Assert.Contains("Players: 0/1", (await _night.AnnouncedAsync(id)).Text);

        await _night.JoinAsync(id, Ada);
        Assert.Contains($"Players: 1/1: <@{Ada}>", (await _night.AnnouncedAsync(id)).Text);

        await _night.JoinAsync(id, Bob);
        Assert.Contains($"Waiting: 1: <@{Bob}>", (await _night.AnnouncedAsync(id)).Text);

        await _night.DoAsync(games => games.LeaveAsync(id, Ada, Ada, default));
        Assert.Contains($"Players: 1/1: <@{Bob}>", (await _night.AnnouncedAsync(id)).Text);

        await _night.ChangeAsync(id, details => details with { Title = "Saturday raid" });
        Assert.StartsWith("**Saturday raid**\n", (await _night.AnnouncedAsync(id)).Text);

        var game = await _night.GameAsync(id);
        await _night.DoAsync(games => games.StartAsync(new(id, game.ScheduledAt), default));
        Assert.StartsWith("**Saturday raid** has started\n", (await _night.AnnouncedAsync(id)).Text);

        await _night.DoAsync(games => games.FinishAsync(new(id, game.EndsAt), default));
        Assert.StartsWith("~~**Saturday raid**~~ is over\n", (await _night.AnnouncedAsync(id)).Text);
    }

    [Fact]
    public async Task A_cancelled_game_is_closed_and_says_why()
    {
        var id = await _night.CreateAsync();

        await _night.DoAsync(games => games.CancelAsync(id, "the host is ill", "somebody", default));

        var announcement = await _night.AnnouncedAsync(id);
        Assert.StartsWith("~~**Friday raid**~~ is cancelled: the host is ill\n", announcement.Text);
        Assert.False(announcement.IsOpen);
    }

    [Fact]
    public async Task An_event_that_comes_late_or_twice_takes_nothing_back()
    {
        var id = await _night.CreateAsync();
        var old = await _night.GameAsync(id);
        await _night.JoinAsync(id, Ada);
        await _night.ChangeAsync(id, details => details with { Title = "Saturday raid" });
        var announcement = await _night.AnnouncedAsync(id);

        var joined = new PlayerJoined(id, 2, NewGame.GuildId, Ada, null, null, old.CreatedAt, "somebody");
        await _night.PublishAsync([old.Created("somebody"), joined, joined, old.Created("somebody")]);

        var after = await _night.AnnouncementAsync(id);
        Assert.Equal((announcement.Text, announcement.Version, announcement.ChangedAt), (after!.Text, after.Version, after.ChangedAt));
    }

    [Fact]
    public async Task The_first_that_is_heard_of_a_game_may_be_any_event()
    {
        var game = NewGame.With();
        game.JoinBy(Ada);
        await _night.InScopeAsync(async scope =>
        {
            var db = (GamesDbContext)scope.GetService(typeof(GamesDbContext))!;
            db.Add(game);
            return await db.SaveChangesAsync();
        });

        await _night.PublishAsync([new PlayerJoined(game.Id, 2, NewGame.GuildId, Ada, null, null, NewGame.Now, "somebody"), game.Created("x")]);

        Assert.Contains("Players: 1/5", (await _night.AnnouncedAsync(game.Id)).Text);
    }

    [Fact]
    public async Task Twenty_who_join_at_once_are_one_text()
    {
        var id = await _night.CreateAsync();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => _night.JoinAsync(id, $"{410000000000000000 + number}")));

        var announcement = await _night.AnnouncedAsync(id);
        Assert.Equal(21, announcement.Version);
        Assert.Contains("Players: 5/5: ", announcement.Text);
        Assert.Contains("Waiting: 15: ", announcement.Text);
        Assert.Equal(1, await _night.CountAsync("SELECT count(*) FROM announcements WHERE game_id = $1", id));
        Assert.Empty(await _night.ToldAsync(id));
    }

    [Fact]
    public async Task Games_whose_events_come_together_are_each_told_of()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _night.CreateAsync()));

        await Task.WhenAll(ids.SelectMany(id => new[] { Ada, Bob }.Select(user => _night.JoinAsync(id, user))));

        foreach (var id in ids)
            Assert.Contains("Players: 2/5", (await _night.AnnouncedAsync(id)).Text);
    }
}
