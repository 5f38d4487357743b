using Games.Bot.Announcing;
using Games.Data;
using Games.DiscordClient.Rest;
using Games.Tests.Data;

namespace Games.Tests.Bot;

/// <summary>What users write, as Discord is given it.</summary>
public sealed class DiscordTextTests
{
    [Theory]
    [InlineData("plain words", "plain words")]
    [InlineData("**bold** ~~gone~~ ||hidden||", @"\*\*bold\*\* \~\~gone\~\~ \|\|hidden\|\|")]
    [InlineData("@everyone <@1> <#2> <t:3:R>", @"\@everyone \<\@1\> \<\#2\> \<t\:3\:R\>")]
    [InlineData("[bank](https://evil.example)", @"\[bank\]\(https://evil.example\)")]
    [InlineData("# head\n1. one\n- two", "\\# head\n1\\. one\n\\- two")]
    [InlineData("see https://roll20.net/join/1_2?a=b#c.", "see https://roll20.net/join/1_2?a=b#c.")]
    [InlineData("https://x.example/**bold**", @"https://x.example/\*\*bold\*\*")]
    [InlineData("v1.2 🎲", "v1.2 🎲")]
    public void It_is_shown_to_the_letter(string text, string escaped) => Assert.Equal(escaped, DiscordText.Escape(text, 1000));

    [Fact]
    public void It_is_cut_through_no_escape_address_or_character()
    {
        Assert.Equal(@"\*…", DiscordText.Escape("***", 4));
        Assert.Equal("🎲…", DiscordText.Escape("🎲🎲🎲", 4));
        Assert.Equal("a …", DiscordText.Escape("a https://x.example", 10));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("🎲")]
    public void The_longest_game_with_a_thousand_people_fits(string character)
    {
        string Repeated(int count) => string.Concat(Enumerable.Repeat(character, count));
        var game = NewGame.With(
            title: Repeated(Game.TitleMaxLength), description: Repeated(Game.DescriptionMaxLength), location: Repeated(Game.LocationMaxLength),
            durationMinutes: 90, maxPlayers: Game.MaxPlayersLimit);
        for (var i = 0; i < Game.MaxPeople; i++)
            game.Join($"{400000000000000000 + i}", i % 2 == 0 ? Repeated(Player.DisplayNameMaxLength) : "Al", "x", NewGame.Now);
        game.Cancel(Repeated(Game.CancelReasonMaxLength), null, "x", NewGame.Now);

        var embed = AnnouncementMessage.Of(game, game.Players, new("https://games.example/a.ics")).Embeds!.Single();

        Assert.InRange(embed.Title!.Length, 1, Embed.MaxTitle);
        Assert.InRange(embed.Description!.Length, 1, Embed.MaxDescription);
        Assert.InRange(embed.Fields!.Count, 1, Embed.MaxFields);
        Assert.All(embed.Fields, field => Assert.InRange(field.Value.Length, 1, Embed.MaxFieldValue));
        var total = embed.Title.Length + embed.Description.Length + embed.Footer!.Text.Length + embed.Fields.Sum(x => x.Name.Length + x.Value.Length);
        Assert.InRange(total, 1, Embed.MaxTotal);
    }
}
