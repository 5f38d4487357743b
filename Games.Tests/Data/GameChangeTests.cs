using Games.Contracts;
using Games.Data;

namespace Games.Tests.Data;

/// <summary>What a host changes, and what the game says of it.</summary>
public sealed class GameChangeTests
{
    private const string By = "the host";

    private static readonly DateTimeOffset Later = NewGame.Now.AddHours(1);

    public static TheoryData<string, Func<GameDetails, GameDetails>> Changes => new()
    {
        { "title", details => details with { Title = "Saturday raid" } },
        { "description", details => details with { Description = "bring more snacks" } },
        { "location", details => details with { Location = null } },
        { "scheduledAt", details => details with { ScheduledAt = details.ScheduledAt.AddMinutes(1) } },
        { "durationMinutes", details => details with { DurationMinutes = null } },
        { "maxPlayers", details => details with { MaxPlayers = 6 } },
        { "reminders", details => details with { Reminders = [60] } },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_of_one_field_is_one_version_and_one_event_with_old_and_new(string field, Func<GameDetails, GameDetails> change)
    {
        var game = Whole();
        var old = game.Details;

        var decision = game.Change(change(old), By, Later);

        Assert.Null(decision.Refusal);
        var updated = Assert.IsType<GameUpdated>(Assert.Single(decision.Events));
        Assert.Equal([field], updated.Changed);
        Assert.Equal((old, change(old)), (updated.Old, updated.New));
        Assert.Equal((game.Id, 2, Later, By), (updated.GameId, updated.Version, updated.At, updated.By));
        Assert.Equal((NewGame.GuildId, NewGame.ChannelId), (updated.GuildId, updated.ChannelId));
        Assert.Equal((2, Later, change(old)), (game.Version, game.UpdatedAt, game.Details));
    }

    [Fact]
    public void Several_fields_are_one_change()
    {
        var game = Whole();

        var decision = game.Change(game.Details with { Title = "x", MaxPlayers = 1 }, By, Later);

        Assert.Equal(["title", "maxPlayers"], Assert.IsType<GameUpdated>(Assert.Single(decision.Events)).Changed);
        Assert.Equal(2, game.Version);
    }

    public static TheoryData<Func<GameDetails, GameDetails>> NoChanges => new()
    {
        details => details,
        details => details with { Title = $"  {details.Title}\n" },
        details => details with { ScheduledAt = details.ScheduledAt.ToOffset(TimeSpan.FromHours(9)).AddTicks(9) },
        details => details with { Reminders = [.. details.Reminders.Reverse()] },
    };

    [Theory]
    [MemberData(nameof(NoChanges))]
    public void A_change_that_changes_nothing_is_no_version_and_no_event(Func<GameDetails, GameDetails> change)
    {
        var game = Whole();

        Assert.Equal(Decision.Nothing, game.Change(change(game.Details), By, Later));
        Assert.Equal((1, NewGame.Now), (game.Version, game.UpdatedAt));
    }

    [Fact]
    public void Blank_for_none_changes_nothing()
    {
        var game = NewGame.With();

        Assert.Equal(Decision.Nothing, game.Change(game.Details with { Description = " ", Location = "" }, By, Later));
    }

    [Fact]
    public void A_new_start_lies_in_the_future_and_an_old_one_may_stay()
    {
        var game = NewGame.With(scheduledAt: Later);

        Assert.Equal(GameRefusal.Past, game.Change(game.Details with { ScheduledAt = Later.AddSeconds(-1) }, By, Later).Refusal);
        Assert.Equal(GameRefusal.Past, game.Change(game.Details with { ScheduledAt = Later.AddSeconds(1) }, By, Later.AddSeconds(1)).Refusal);
        Assert.Equal(1, game.Version);

        Assert.Null(game.Change(game.Details with { Title = "It is late" }, By, Later.AddSeconds(1)).Refusal);
        Assert.Null(game.Change(game.Details with { ScheduledAt = Later.AddSeconds(2) }, By, Later.AddSeconds(1)).Refusal);
    }

    public static TheoryData<string, Func<GameDetails, GameDetails>, Func<GameDetails, GameDetails>> Borders => new()
    {
        { "title", details => details with { Title = "" }, details => details with { Title = "x" } },
        { "title", details => details with { Title = new('x', 201) }, details => details with { Title = new('x', 200) } },
        { "description", details => details with { Description = new('x', 2001) }, details => details with { Description = new('x', 2000) } },
        { "location", details => details with { Location = new('x', 501) }, details => details with { Location = new('x', 500) } },
        { "durationMinutes", details => details with { DurationMinutes = 0 }, details => details with { DurationMinutes = 1 } },
        { "durationMinutes", details => details with { DurationMinutes = 1441 }, details => details with { DurationMinutes = 1440 } },
        { "maxPlayers", details => details with { MaxPlayers = 0 }, details => details with { MaxPlayers = 1 } },
        { "maxPlayers", details => details with { MaxPlayers = 101 }, details => details with { MaxPlayers = 100 } },
        { "reminders", details => details with { Reminders = [0] }, details => details with { Reminders = [1] } },
        { "reminders", details => details with { Reminders = [60, -1] }, details => details with { Reminders = [60, 1] } },
        { "reminders", details => details with { Reminders = [40_321] }, details => details with { Reminders = [40_320] } },
        { "reminders", details => details with { Reminders = [1, 2, 3, 4, 5, 6] }, details => details with { Reminders = [1, 2, 3, 4, 5] } },
    };

    [Theory]
    [MemberData(nameof(Borders))]
    public void What_no_game_may_be_is_refused_and_changes_nothing(
        string name, Func<GameDetails, GameDetails> beyond, Func<GameDetails, GameDetails> within)
    {
        var game = Whole();
        var details = game.Details;

        var refused = Assert.ThrowsAny<ArgumentException>(() => game.Change(beyond(details), By, Later));

        Assert.Equal(name, refused.ParamName);
        Assert.Equal((1, details), (game.Version, game.Details));
        Assert.Single(game.Change(within(details), By, Later).Events);
    }

    [Fact]
    public void Reminders_are_kept_once_each_the_earliest_first()
    {
        Assert.Equal([1440, 60, 5], NewGame.With(reminders: [60, 1440, 5, 60]).Reminders);
        Assert.Empty(NewGame.With().Reminders);
    }

    [Fact]
    public void Fewer_seats_make_the_last_wait_in_their_order()
    {
        var game = NewGame.With(maxPlayers: 4);
        game.JoinBy(Users(5));

        var events = game.Change(game.Details with { MaxPlayers = 2 }, By, Later).Events;

        Assert.IsType<GameUpdated>(events[0]);
        Assert.Equal(
            [
                new PlayerDemoted(game.Id, 7, NewGame.GuildId, User(3), 1, Later, By),
                new PlayerDemoted(game.Id, 7, NewGame.GuildId, User(4), 2, Later, By),
            ],
            events.Skip(1));
        Assert.Equal(Users(2), game.Playing.Select(x => x.UserId));
        Assert.Equal([User(3), User(4), User(5)], game.Waiting.Select(x => x.UserId));
    }

    [Fact]
    public void More_seats_let_the_first_who_wait_play_in_their_order()
    {
        var game = NewGame.With(maxPlayers: 1);
        game.JoinBy(Users(4));

        var events = game.Change(game.Details with { MaxPlayers = 3 }, By, Later).Events;

        Assert.IsType<GameUpdated>(events[0]);
        Assert.Equal(
            [
                new PlayerPromoted(game.Id, 6, NewGame.GuildId, User(2), Later, By),
                new PlayerPromoted(game.Id, 6, NewGame.GuildId, User(3), Later, By),
            ],
            events.Skip(1));
        Assert.Equal([User(4)], game.Waiting.Select(x => x.UserId));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100)]
    public void Seats_that_nobody_loses_or_gains_concern_nobody(int seats)
    {
        var game = NewGame.With(maxPlayers: 5);
        game.JoinBy(Users(3));

        Assert.IsType<GameUpdated>(Assert.Single(game.Change(game.Details with { MaxPlayers = seats }, By, Later).Events));
    }

    [Fact]
    public void What_is_not_open_is_not_changed()
    {
        Assert.All(GameTimeTests.NotOpen(), game =>
        {
            var version = game.Version;
            Assert.Equal(GameRefusal.NotOpen, game.Change(game.Details with { Title = "x" }, By, Later).Refusal);
            Assert.Equal((version, "Friday raid"), (game.Version, game.Title));
        });
    }

    private static Game Whole() => NewGame.With(
        description: "bring snacks", location: "Voice 1", durationMinutes: 120, reminders: [1440, 60]);

    private static string User(int number) => $"{400000000000000000 + number}";

    private static IEnumerable<string> Users(int count) => Enumerable.Range(1, count).Select(User);
}
