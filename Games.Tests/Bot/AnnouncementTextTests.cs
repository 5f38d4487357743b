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

        Assert.Equal(
            """
            **Friday raid**
            <t:1925060400:F> (<t:1925060400:R>)
            Host: <@300000000000000001>
            Players: 2/5
            Where: Voice 1

            bring snacks
            """,
            AnnouncementText.Of(game, players: 2));
    }

    [Fact]
    public void It_leaves_out_what_is_not_known() =>
        Assert.EndsWith("Players: 0/5", AnnouncementText.Of(NewGame.With(), players: 0));

    [Theory]
    [InlineData("@everyone")]
    [InlineData("@here")]
    [InlineData("<@123456789012345678>")]
    [InlineData("<@&123456789012345678>")]
    public void Nothing_a_host_writes_wakes_anybody(string mention)
    {
        var text = AnnouncementText.Of(NewGame.With(title: mention, description: mention, location: mention), players: 0);

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

        var text = AnnouncementText.Of(longest, players: Game.MaxPlayersLimit);

        Assert.Equal(Announcement.TextMaxLength, text.Length);
        Assert.EndsWith("…", text);
    }

    [Fact]
    public void Discord_counts_code_points_so_a_text_of_emoji_is_cut_no_sooner_than_one_of_letters()
    {
        static string Dice(int count) => string.Concat(Enumerable.Repeat("🎲", count));

        var whole = AnnouncementText.Of(NewGame.With(description: Dice(1500)), players: 0);
        var cut = AnnouncementText.Of(NewGame.With(title: Dice(200), description: Dice(2000), location: Dice(500)), players: 0);

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

        var text = AnnouncementText.Of(NewGame.With(description: description), players: 0);

        Assert.EndsWith("🎲…", text);
        Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text)));
    }
}
