using Games.Contracts;
using Games.Data;

namespace Games.Tests.Data;

/// <summary>Scheduled, started, finished or cancelled: each transition happens once, and only when it is due.</summary>
public sealed class GameTimeTests
{
    private static readonly DateTimeOffset Later = NewGame.Now.AddHours(1);

    /// <summary>One that is started, one that is finished and one that is cancelled.</summary>
    internal static IEnumerable<Game> NotOpen(params string[] users)
    {
        var (started, finished, cancelled) = (NewGame.With(), NewGame.With(), NewGame.With());
        foreach (var game in new[] { started, finished, cancelled })
            game.JoinBy(users);
        started.Start(started.ScheduledAt, Later);
        finished.Finish(finished.EndsAt, Later);
        cancelled.Cancel(reason: null, messageId: null, "x", Later);
        return [started, finished, cancelled];
    }

    [Fact]
    public void A_game_is_created_at_its_first_version()
    {
        var game = NewGame.With();

        Assert.Equal(
            new GameCreated(
                game.Id, NewGame.GuildId, NewGame.ChannelId, NewGame.HostId, "Friday raid", game.ScheduledAt, 5, Version: 1, NewGame.Now, "Ada"),
            game.Created("Ada"));
        Assert.True(game.IsOpen);
    }

    [Theory]
    [InlineData(null, 180)]
    [InlineData(1, 1)]
    [InlineData(1440, 1440)]
    public void A_game_ends_after_its_duration_or_three_hours(int? duration, int minutes)
    {
        var game = NewGame.With(durationMinutes: duration);

        Assert.Equal(game.ScheduledAt.AddMinutes(minutes), game.EndsAt);
    }

    [Fact]
    public void A_game_starts_once_and_says_so()
    {
        var game = NewGame.With();

        var started = Assert.Single(game.Start(game.ScheduledAt, Later).Events);

        Assert.Equal(new GameStarted(game.Id, 2, NewGame.GuildId, NewGame.ChannelId, "Friday raid", game.ScheduledAt, Later), started);
        Assert.Equal((GameStatus.Started, 2, false, Later), (game.Status, game.Version, game.IsOpen, game.UpdatedAt));
        Assert.Equal(Decision.Nothing, game.Start(game.ScheduledAt, Later));
        Assert.Equal(2, game.Version);
    }

    [Fact]
    public void A_game_that_was_moved_starts_and_ends_at_its_new_time_only()
    {
        var game = NewGame.With();
        var (start, end) = (game.ScheduledAt, game.EndsAt);
        game.Change(game.Details with { ScheduledAt = start.AddMinutes(1) }, "x", Later);

        Assert.Equal(Decision.Nothing, game.Start(start, Later));
        Assert.Equal(Decision.Nothing, game.Finish(end, Later));
        Assert.Equal((GameStatus.Scheduled, 2), (game.Status, game.Version));

        Assert.Single(game.Start(start.AddMinutes(1), Later).Events);
        Assert.Equal(Decision.Nothing, game.Finish(end, Later));
        Assert.Single(game.Finish(end.AddMinutes(1), Later).Events);
    }

    [Fact]
    public void A_game_finishes_once_and_says_so()
    {
        var game = NewGame.With();
        game.Start(game.ScheduledAt, Later);

        var finished = Assert.Single(game.Finish(game.EndsAt, Later).Events);

        Assert.Equal(new GameFinished(game.Id, 3, NewGame.GuildId, NewGame.ChannelId, "Friday raid", Later), finished);
        Assert.Equal(Decision.Nothing, game.Finish(game.EndsAt, Later));
        Assert.Equal(Decision.Nothing, game.Start(game.ScheduledAt, Later));
        Assert.Equal((GameStatus.Finished, 3), (game.Status, game.Version));
    }

    [Fact]
    public void A_game_that_nobody_started_starts_before_it_finishes()
    {
        var game = NewGame.With();

        var events = game.Finish(game.EndsAt, Later).Events;

        Assert.Equal(
            [
                new GameStarted(game.Id, 2, NewGame.GuildId, NewGame.ChannelId, "Friday raid", game.ScheduledAt, Later),
                new GameFinished(game.Id, 3, NewGame.GuildId, NewGame.ChannelId, "Friday raid", Later),
            ],
            events);
    }

    [Theory]
    [InlineData("  The host is ill ", "The host is ill")]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_game_is_cancelled_once_and_says_why(string? given, string? kept)
    {
        var game = NewGame.With();

        var cancelled = Assert.Single(game.Cancel(given, "500000000000000001", "Ada", Later).Events);

        Assert.Equal(
            new GameCancelled(
                game.Id, 2, NewGame.GuildId, NewGame.ChannelId, "500000000000000001", NewGame.HostId, "Friday raid", game.ScheduledAt, kept, Later,
                "Ada"),
            cancelled);
        Assert.Equal((GameStatus.Cancelled, kept, 2), (game.Status, game.CancelReason, game.Version));
        Assert.Equal(Decision.Nothing, game.Cancel("another reason", null, "x", Later));
        Assert.Equal((kept, 2), (game.CancelReason, game.Version));
    }

    [Fact]
    public void A_reason_has_at_most_500_characters()
    {
        var game = NewGame.With();

        Assert.Equal("reason", Assert.ThrowsAny<ArgumentException>(() => game.Cancel(new string('x', 501), null, "x", Later)).ParamName);
        Assert.Equal((GameStatus.Scheduled, 1), (game.Status, game.Version));
        Assert.Single(game.Cancel(new string('x', 500), null, "x", Later).Events);
    }

    [Fact]
    public void A_game_that_has_started_can_be_cancelled_and_one_that_is_finished_cannot()
    {
        var (started, finished) = (NewGame.With(), NewGame.With());
        started.Start(started.ScheduledAt, Later);
        finished.Finish(finished.EndsAt, Later);

        Assert.Equal(3, Assert.IsType<GameCancelled>(Assert.Single(started.Cancel(null, null, "x", Later).Events)).Version);
        Assert.Equal(GameRefusal.Finished, finished.Cancel(null, null, "x", Later).Refusal);
        Assert.Equal((GameStatus.Finished, 3), (finished.Status, finished.Version));
    }

    [Fact]
    public void What_is_cancelled_neither_starts_nor_finishes()
    {
        var game = NewGame.With();
        game.Cancel(null, null, "x", Later);

        Assert.Equal(Decision.Nothing, game.Start(game.ScheduledAt, Later));
        Assert.Equal(Decision.Nothing, game.Finish(game.EndsAt, Later));
        Assert.Equal((GameStatus.Cancelled, 2), (game.Status, game.Version));
    }

    [Fact]
    public void A_reminder_is_due_for_the_start_it_was_made_for_while_the_game_is_open()
    {
        var game = NewGame.With(reminders: [60]);

        Assert.True(game.IsToRemind(game.ScheduledAt, 60));
        Assert.False(game.IsToRemind(game.ScheduledAt, 61));
        Assert.False(game.IsToRemind(game.ScheduledAt.AddMinutes(1), 60));

        game.Start(game.ScheduledAt, Later);
        Assert.False(game.IsToRemind(game.ScheduledAt, 60));
    }
}
