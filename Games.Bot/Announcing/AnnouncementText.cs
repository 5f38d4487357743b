using System.Globalization;
using System.Text;
using Games.Data;

namespace Games.Bot.Announcing;

/// <summary>The text by which a channel hears of a game.</summary>
internal static class AnnouncementText
{
    private const string Ellipsis = "…";
    private const int NamesMaxLength = 250;
    private const int ReasonMaxLength = 300;

    /// <summary>Composes the text: at most <see cref="Announcement.TextMaxLength"/> code points, at the cost of the description's end.</summary>
    /// <param name="game">As it is now.</param>
    /// <param name="people">Who plays, then who waits.</param>
    public static string Of(Game game, IReadOnlyList<Player> people)
    {
        var text = new StringBuilder(256).Append(CultureInfo.InvariantCulture, $"""
            {HeadingOf(game)}
            {DiscordText.TimeOf(game.ScheduledAt)}
            Host: <@{game.HostId}>
            Players: {Math.Min(people.Count, game.MaxPlayers)}/{game.MaxPlayers}{NamesOf(people.Take(game.MaxPlayers))}
            """);

        if (people.Count > game.MaxPlayers)
            text.Append(CultureInfo.InvariantCulture, $"\nWaiting: {people.Count - game.MaxPlayers}{NamesOf(people.Skip(game.MaxPlayers))}");
        if (game.Location is not null)
            AppendWhatFits(text, $"\nWhere: {WithoutMentions(game.Location)}");
        if (game.Description is not null)
            AppendWhatFits(text, $"\n\n{WithoutMentions(game.Description)}");

        return text.ToString();
    }

    /// <summary>A zero-width space after each @: a title of "@everyone" must not wake a whole guild.</summary>
    private static string WithoutMentions(string text) => text.Replace("@", "@\u200B", StringComparison.Ordinal);

    private static string HeadingOf(Game game)
    {
        var title = $"**{WithoutMentions(game.Title)}**";
        return game.Status switch
        {
            GameStatus.Started => $"{title} has started",
            GameStatus.Finished => $"~~{title}~~ is over",
            GameStatus.Cancelled when game.CancelReason is { } reason => $"~~{title}~~ is cancelled: {Cut(WithoutMentions(reason), ReasonMaxLength)}",
            GameStatus.Cancelled => $"~~{title}~~ is cancelled",
            _ => title,
        };
    }

    private static string NamesOf(IEnumerable<Player> people)
    {
        var (names, more) = (new StringBuilder(), 0);
        foreach (var player in people)
        {
            var name = $"{(names.Length == 0 ? ": " : ", ")}<@{player.UserId}>";
            if (more == 0 && names.Length + name.Length <= NamesMaxLength)
                names.Append(name);
            else
                more++;
        }

        return more == 0 ? names.ToString() : names.Append(CultureInfo.InvariantCulture, $" and {more} more").ToString();
    }

    private static void AppendWhatFits(StringBuilder text, string part) =>
        text.Append(Cut(part, Announcement.TextMaxLength - CodePoints.In(text.ToString())));

    private static string Cut(string text, int codePoints) => codePoints <= 0 ? ""
        : CodePoints.In(text) <= codePoints ? text
        : string.Concat(text.EnumerateRunes().Take(codePoints - Ellipsis.Length).Select(character => character.ToString())) + Ellipsis;
}
