using Games.Bot.Announcing;
using Games.Data;
using Games.Tests.Data;

namespace Games.Tests.Bot;

public sealed class AnnouncementTextTests
{
    [Fact]
    public void It_tells_all_that_is_known_of_the_game()
    {
        var game = NewGame.With(description: "bring snacks", location: "Voice 1");
        game.JoinBy("400000000000000001", "400000000000000002");

        Assert.Equal(
            """
            **Friday raid**
            <t:1925060400:F> (<t:1925060400:R>)
            Host: <@300000000000000001>
            Players: 2/5: <@400000000000000001>, <@400000000000000002>
            Where: Voice 1

            bring snacks
            """,
            AnnouncementText.Of(game, game.Players));
    }

    [Fact]
    public void It_leaves_out_what_is_not_known() =>
        Assert.EndsWith("Players: 0/5", AnnouncementText.Of(NewGame.With(), []));

    [Theory]
    [InlineData("@everyone")]
    [InlineData("@here")]
    [InlineData("<@123456789012345678>")]
    [InlineData("<@&123456789012345678>")]
    public void Nothing_a_host_writes_wakes_anybody(string mention)
    {
        var text = AnnouncementText.Of(NewGame.With(title: mention, description: mention, location: mention), []);

        Assert.DoesNotContain(mention, text);
        Assert.Contains(mention.Replace("@", "@\u200B", StringComparison.Ordinal), text);
    }

    [Fact]
    public void It_is_never_longer_than_Discord_takes()
    {
        var longest = NewGame.With(
            title: new string('@', Game.TitleMaxLength),
            description: new string('@', Game.DescriptionMaxLength),
            location: new string('@', Game.LocationMaxLength),
            maxPlayers: Game.MaxPlayersLimit);

        longest.JoinBy([.. Enumerable.Range(0, Game.MaxPeople).Select(x => $"{400000000000000000 + x}")]);
        longest.Cancel(new string('@', Game.CancelReasonMaxLength), messageId: null, "somebody", NewGame.Now);

        var text = AnnouncementText.Of(longest, longest.Players);

        Assert.Equal(Announcement.TextMaxLength, text.Length);
        Assert.EndsWith("…", text);
    }

    [Fact]
    public void Discord_counts_code_points_so_a_text_of_emoji_is_cut_no_sooner_than_one_of_letters()
    {
        static string Dice(int count) => string.Concat(Enumerable.Repeat("🎲", count));

        var whole = AnnouncementText.Of(NewGame.With(description: Dice(1500)), []);
        var cut = AnnouncementText.Of(NewGame.With(title: Dice(200), description: Dice(2000), location: Dice(500)), []);

        Assert.EndsWith($"\n\n{Dice(1500)}", whole);
        Assert.EndsWith("🎲…", cut);
        Assert.Equal(Announcement.TextMaxLength, cut.EnumerateRunes().Count());
        Assert.Equal(cut, Announcement.For(NewGame.With(), cut, NewGame.Now).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    public void A_description_that_is_cut_short_is_not_cut_through_a_character(string offByOne)
    {
        var description = offByOne + string.Concat(Enumerable.Repeat("🎲", 1990));

        var text = AnnouncementText.Of(NewGame.With(description: description), []);

        Assert.EndsWith("🎲…", text);
        Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Who_has_no_seat_is_on_the_waiting_list()
    {
        var game = NewGame.With(maxPlayers: 1);
        game.JoinBy("400000000000000001", "400000000000000002");

        Assert.EndsWith("Players: 1/1: <@400000000000000001>\nWaiting: 1: <@400000000000000002>", AnnouncementText.Of(game, game.Players));
    }

    [Fact]
    public void Names_beyond_its_room_are_counted()
    {
        var game = NewGame.With(maxPlayers: 100);
        game.JoinBy([.. Enumerable.Range(0, 100).Select(x => $"{400000000000000000 + x}")]);

        Assert.EndsWith("<@400000000000000009> and 90 more", AnnouncementText.Of(game, game.Players));
    }

    [Fact]
    public void A_game_that_is_not_open_says_why()
    {
        var (cancelled, started, finished) = (NewGame.With(), NewGame.With(), NewGame.With());
        cancelled.Cancel("the host is ill", messageId: null, "somebody", NewGame.Now);
        started.Start(started.ScheduledAt, NewGame.Now);
        finished.Finish(finished.EndsAt, NewGame.Now);

        Assert.StartsWith("~~**Friday raid**~~ is cancelled: the host is ill\n", AnnouncementText.Of(cancelled, []));
        Assert.StartsWith("**Friday raid** has started\n", AnnouncementText.Of(started, []));
        Assert.StartsWith("~~**Friday raid**~~ is over\n", AnnouncementText.Of(finished, []));
    }
}
