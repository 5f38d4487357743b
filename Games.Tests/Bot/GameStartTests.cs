using Games.Contracts;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.Servers;

namespace Games.Tests.Bot;

/// <summary>What the bot sends to itself for later.</summary>
public sealed class GameStartTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly GameNight _night = new(database.ConnectionString);

    public ValueTask DisposeAsync() => _night.DisposeAsync();

    [Fact]
    public async Task A_game_starts_and_ends_once_however_often_it_is_told_to()
    {
        var id = await _night.CreateAsync();
        var game = await _night.GameAsync(id);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _night.SendAsync(Queues.StartGame, new StartGame(id, game.ScheduledAt))));
        await IsAsync(id, GameStatus.Started, version: 2);
        Assert.StartsWith("**Friday raid** has started\n", (await _night.AnnouncedAsync(id)).Text);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _night.SendAsync(Queues.FinishGame, new FinishGame(id, game.EndsAt))));
        await IsAsync(id, GameStatus.Finished, version: 3);
        Assert.StartsWith("~~**Friday raid**~~ is over\n", (await _night.AnnouncedAsync(id)).Text);

        await _night.SentIsConsumedAsync();
        await IsAsync(id, GameStatus.Finished, version: 3);
    }

    [Fact]
    public async Task Whoever_was_down_over_start_and_end_catches_up_with_both()
    {
        var id = await _night.CreateAsync();
        var game = await _night.GameAsync(id);

        await _night.SendAsync(Queues.FinishGame, new FinishGame(id, game.EndsAt));
        await IsAsync(id, GameStatus.Finished, version: 3);
        await _night.SendAsync(Queues.StartGame, new StartGame(id, game.ScheduledAt));

        await _night.SentIsConsumedAsync();
        await IsAsync(id, GameStatus.Finished, version: 3);
    }

    [Fact]
    public async Task A_game_that_was_moved_does_not_start_at_its_old_time()
    {
        var id = await _night.CreateAsync();
        var old = await _night.GameAsync(id);
        await _night.ChangeAsync(id, details => details with { ScheduledAt = old.ScheduledAt.AddMinutes(-5) });

        await _night.SendAsync(Queues.StartGame, new StartGame(id, old.ScheduledAt));
        await _night.SendAsync(Queues.FinishGame, new FinishGame(id, old.EndsAt));

        await _night.SentIsConsumedAsync();
        await IsAsync(id, GameStatus.Scheduled, version: 2);
    }

    [Fact]
    public async Task A_start_that_is_late_is_told_and_logged_as_late()
    {
        var id = await _night.CreateAsync();
        var past = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await _night.ExecuteAsync("UPDATE games SET scheduled_at = '2026-01-01T00:00:00Z' WHERE id = $1", id);

        await _night.SendAsync(Queues.StartGame, new StartGame(id, past));

        await IsAsync(id, GameStatus.Started, version: 2);
        await Until.TrueAsync(
            () => _night.Log.Any(x => x.StartsWith("Warning", StringComparison.Ordinal) && x.Contains($"{id}") && x.Contains("late")),
            "the log tells it");
    }

    [Fact]
    public async Task A_game_that_is_not_there_is_nobodys_fault()
    {
        var missing = Guid.CreateVersion7();

        await _night.SendAsync(Queues.StartGame, new StartGame(missing, NewGame.ScheduledAt));
        await _night.SendAsync(Queues.FinishGame, new FinishGame(missing, NewGame.ScheduledAt));
        await _night.SendAsync(Queues.RemindPlayers, new RemindPlayers(missing, NewGame.ScheduledAt, 60));

        await Until.TrueAsync(() => _night.Log.Any(x => x.Contains($"minutes before game {missing}")), "the reminder is dropped");
        Assert.DoesNotContain(_night.Log, x => x.StartsWith("Error", StringComparison.Ordinal) && x.Contains($"{missing}"));
    }

    private async Task IsAsync(Guid id, GameStatus status, int version)
    {
        await Until.TrueAsync(async () => (await _night.GameAsync(id)).Status == status, $"the game is {status}");
        Assert.Equal((status, version), ((await _night.GameAsync(id)).Status, (await _night.GameAsync(id)).Version));
    }
}
