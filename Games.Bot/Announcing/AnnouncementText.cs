using System.Globalization;
using System.Text;
using Games.Data;

namespace Games.Bot.Announcing;

/// <summary>The text by which a channel hears of a game.</summary>
internal static class AnnouncementText
{
    private const string Ellipsis = "…";

    /// <summary>Composes the text: at most <see cref="Announcement.TextMaxLength"/> code points, at the cost of the description's end.</summary>
    public static string Of(Game game, int players)
    {
        var unix = game.ScheduledAt.ToUnixTimeSeconds();
        var text = new StringBuilder(256).Append(CultureInfo.InvariantCulture, $"""
            **{WithoutMentions(game.Title)}**
            <t:{unix}:F> (<t:{unix}:R>)
            Host: <@{game.HostId}>
            Players: {players}/{game.MaxPlayers}
            """);

        if (game.Location is not null)
            text.Append("\nWhere: ").Append(WithoutMentions(game.Location));
        if (game.Description is not null)
            AppendWhatFits(text.Append("\n\n"), WithoutMentions(game.Description));

        return text.ToString();
    }

    private static void AppendWhatFits(StringBuilder text, string description)
    {
        var room = Announcement.TextMaxLength - CodePoints.In(text.ToString());
        if (CodePoints.In(description) <= room)
        {
            text.Append(description);
            return;
        }

        foreach (var character in description.EnumerateRunes().Take(room - Ellipsis.Length))
            text.Append(character);
        text.Append(Ellipsis);
    }

    /// <summary>A zero-width space after each @: a title of "@everyone" must not wake a whole guild.</summary>
    private static string WithoutMentions(string text) => text.Replace("@", "@\u200B", StringComparison.Ordinal);
}
