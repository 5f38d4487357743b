using Games.Contracts;
using Games.Data;

namespace Games.Tests.Data;

/// <summary>Who plays, who waits, and who moves up.</summary>
public sealed class PlayersTests
{
    private static readonly DateTimeOffset Later = NewGame.Now.AddHours(1);

    [Fact]
    public void Whoever_joins_plays_and_the_game_says_so()
    {
        var game = NewGame.With(maxPlayers: 1);

        var decision = game.Join(User(1), " Ada ", "the website", Later);

        Assert.Null(decision.Refusal);
        Assert.Equal(
            new PlayerJoined(game.Id, 2, NewGame.GuildId, User(1), "Ada", WaitingPlace: null, Later, "the website"), Assert.Single(decision.Events));
        Assert.Equal((2, 1, Later), (game.Version, game.People, game.UpdatedAt));
        Assert.Null(game.PlaceOf(game.Find(User(1))!));
    }

    [Fact]
    public void Whoever_finds_no_seat_waits_at_the_end()
    {
        var game = NewGame.With(maxPlayers: 1);
        game.JoinBy(User(1), User(2));

        var joined = Assert.IsType<PlayerJoined>(Assert.Single(game.Join(User(3), null, "x", Later).Events));

        Assert.Equal((2, 4), (joined.WaitingPlace, joined.Version));
        Assert.Equal([1, 2], game.Waiting.Select(player => game.PlaceOf(player)!.Value));
        Assert.Equal([User(1)], game.Playing.Select(x => x.UserId));
    }

    [Fact]
    public void Whoever_joins_again_changes_nothing_not_even_his_name()
    {
        var game = NewGame.With();
        game.Join(User(1), "Ada", "x", Later);

        Assert.Equal(Decision.Nothing, game.Join(User(1), "Grace", "x", Later));
        Assert.Equal((2, 1, "Ada"), (game.Version, game.People, game.Players.Single().DisplayName));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("   ", null)]
    [InlineData("x", "x")]
    public void A_name_that_is_blank_is_none(string? given, string? kept)
    {
        var game = NewGame.With();

        game.Join(User(1), given, "x", Later);

        Assert.Equal(kept, game.Players.Single().DisplayName);
    }

    [Fact]
    public void A_name_has_at_most_100_characters_and_a_longer_one_leaves_the_game_as_it_was()
    {
        var game = NewGame.With();

        var refused = Assert.ThrowsAny<ArgumentException>(() => game.Join(User(1), string.Concat(Enumerable.Repeat("🎲", 101)), "x", Later));

        Assert.Equal("displayName", refused.ParamName);
        Assert.Equal((1, 0), (game.Version, game.People));
        Assert.Single(game.Join(User(1), string.Concat(Enumerable.Repeat("🎲", 100)), "x", Later).Events);
        Assert.Equal(1, game.Players.Single().Number);
    }

    [Fact]
    public void Whoever_leaves_a_seat_gives_it_to_the_first_who_waits()
    {
        var game = NewGame.With(maxPlayers: 2);
        game.JoinBy(User(1), User(2), User(3), User(4));

        var events = game.Leave(User(1), "the website", Later).Events;

        Assert.Equal(
            [
                new PlayerLeft(game.Id, 6, NewGame.GuildId, User(1), HasWaited: false, Later, "the website"),
                new PlayerPromoted(game.Id, 6, NewGame.GuildId, User(3), Later, "the website"),
            ],
            events);
        Assert.Equal([User(2), User(3)], game.Playing.Select(x => x.UserId));
        Assert.Equal([User(4)], game.Waiting.Select(x => x.UserId));
        Assert.Equal((6, 3), (game.Version, game.People));
    }

    [Fact]
    public void Whoever_waited_and_leaves_lets_nobody_play_and_those_behind_him_move_up()
    {
        var game = NewGame.With(maxPlayers: 1);
        game.JoinBy(User(1), User(2), User(3));

        var left = Assert.IsType<PlayerLeft>(Assert.Single(game.Leave(User(2), "x", Later).Events));

        Assert.True(left.HasWaited);
        Assert.Equal(1, game.PlaceOf(game.Find(User(3))!));
    }

    [Fact]
    public void Whoever_left_and_comes_again_is_the_last()
    {
        var game = NewGame.With(maxPlayers: 1);
        game.JoinBy(User(1), User(2));

        game.Leave(User(1), "x", Later);
        game.JoinBy(User(1));

        Assert.Equal([User(2)], game.Playing.Select(x => x.UserId));
        Assert.Equal([User(1)], game.Waiting.Select(x => x.UserId));
        Assert.Equal((3, 2), (game.LastNumber, game.People));
    }

    [Fact]
    public void Whoever_is_not_there_has_left_already()
    {
        var game = NewGame.With();

        Assert.Equal(Decision.Nothing, game.Leave(User(1), "x", Later));
        Assert.Equal(1, game.Version);
        Assert.All(GameTimeTests.NotOpen(), closed => Assert.Equal(Decision.Nothing, closed.Leave(User(1), "x", Later)));
    }

    [Fact]
    public void A_game_that_is_not_open_keeps_its_people_as_they_are()
    {
        Assert.All(GameTimeTests.NotOpen(User(1)), game =>
        {
            Assert.Equal(GameRefusal.NotOpen, game.Join(User(2), null, "x", Later).Refusal);
            Assert.Equal(GameRefusal.NotOpen, game.Join(User(1), null, "x", Later).Refusal);
            Assert.Equal(GameRefusal.NotOpen, game.Leave(User(1), "x", Later).Refusal);
            Assert.Equal(User(1), Assert.Single(game.Players).UserId);
        });
    }

    [Fact]
    public void A_game_has_at_most_1000_people()
    {
        var game = NewGame.With(maxPlayers: 100);
        game.JoinBy(Enumerable.Range(1, 999).Select(User));

        Assert.Equal(900, Assert.IsType<PlayerJoined>(Assert.Single(game.Join(User(1000), null, "x", Later).Events)).WaitingPlace);
        Assert.Equal(GameRefusal.Full, game.Join(User(1001), null, "x", Later).Refusal);
        Assert.Equal(Decision.Nothing, game.Join(User(7), null, "x", Later));
        Assert.Equal((1000, 1001), (game.People, game.Version));

        game.Leave(User(1), "x", Later);
        Assert.Null(game.Join(User(1001), null, "x", Later).Refusal);
    }

    private static string User(int number) => $"{400000000000000000 + number}";
}
