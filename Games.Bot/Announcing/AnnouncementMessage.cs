using System.Globalization;
using System.Text;
using Games.Data;
using Games.DiscordClient.Rest;

namespace Games.Bot.Announcing;

/// <summary>The message by which a channel hears of a game: what it is now, with buttons to join and leave while it is open.</summary>
internal static class AnnouncementMessage
{
    public const string Join = "join:";
    public const string Leave = "leave:";

    // All together, with the names of the fields, less than the 6000 of a message.
    private const int MaxDescription = 2_000;
    private const int MaxNames = 900;

    private const int Green = 0x57F287;
    private const int Grey = 0x99AAB5;

    /// <param name="game">As it is now.</param>
    /// <param name="people">Who plays, then who waits.</param>
    /// <param name="calendar">The game's file for calendars; null if people do not reach it.</param>
    public static MessageBody Of(Game game, IReadOnlyList<Player> people, Uri? calendar) => new()
    {
        Embeds =
        [
            new()
            {
                Title = TitleOf(game),
                Description = DescriptionOf(game),
                Color = game.IsOpen ? Green : Grey,
                Fields = [.. FieldsOf(game, people)],
                Footer = new(game.Id.ToString()),
            },
        ],
        Components = [Component.Row([.. ButtonsOf(game, calendar)])],
    };

    /// <summary>Whether the message tells of the game: its footer says so.</summary>
    public static bool IsOf(Message message, Guid gameId) =>
        message.Embeds is { } embeds && embeds.Any(embed => embed.Footer?.Text == gameId.ToString());

    private static string TitleOf(Game game) => game.Status is GameStatus.Cancelled or GameStatus.Finished
        ? $"~~{DiscordText.Escape(game.Title, Embed.MaxTitle - 4)}~~"
        : DiscordText.Escape(game.Title, Embed.MaxTitle);

    private static string? DescriptionOf(Game game)
    {
        var status = game.Status switch
        {
            GameStatus.Started => "**This game has started.**",
            GameStatus.Finished => "**This game is over.**",
            GameStatus.Cancelled when game.CancelReason is { } reason => $"**This game is cancelled:** {DiscordText.Escape(reason, 300)}",
            GameStatus.Cancelled => "**This game is cancelled.**",
            _ => null,
        };
        var text = game.Description is { } description ? DiscordText.Escape(description, MaxDescription) : null;
        return status is null ? text : text is null ? status : $"{status}\n\n{text}";
    }

    private static IEnumerable<EmbedField> FieldsOf(Game game, IReadOnlyList<Player> people)
    {
        yield return new("When", DiscordText.TimeOf(game.ScheduledAt));
        yield return new("Host", $"<@{game.HostId}>", Inline: true);
        if (game.DurationMinutes is { } minutes)
            yield return new("Takes", DurationOf(minutes), Inline: true);
        if (game.Location is { } location)
            yield return new("Where", DiscordText.Escape(location, Embed.MaxFieldValue));

        var seats = game.MaxPlayers;
        var players = string.Create(CultureInfo.InvariantCulture, $"Players {Math.Min(people.Count, seats)}/{seats}");
        yield return new(players, people.Count == 0 ? "Nobody yet" : NamesOf(people.Take(seats)));
        if (people.Count > seats)
            yield return new(string.Create(CultureInfo.InvariantCulture, $"Waiting {people.Count - seats}"), NamesOf(people.Skip(seats)));
    }

    private static string NamesOf(IEnumerable<Player> people)
    {
        var (names, more) = (new StringBuilder(), 0);
        foreach (var player in people)
        {
            var name = player.DisplayName is { } given ? DiscordText.Escape(given.ReplaceLineEndings(" "), MaxNames) : $"<@{player.UserId}>";
            if (more > 0 || names.Length + name.Length + 2 > MaxNames)
                more++;
            else
                names.Append(names.Length == 0 ? "" : ", ").Append(name);
        }

        return more == 0 ? names.ToString() : names.Append(CultureInfo.InvariantCulture, $" and {more} more").ToString();
    }

    private static IEnumerable<Component> ButtonsOf(Game game, Uri? calendar)
    {
        yield return Component.Button(ButtonStyle.Success, "Join", $"{Join}{game.Id}", isDisabled: !game.IsOpen);
        yield return Component.Button(ButtonStyle.Secondary, "Leave", $"{Leave}{game.Id}", isDisabled: !game.IsOpen);
        if (calendar is not null)
            yield return Component.Link("Calendar", calendar.ToString());
    }

    private static string DurationOf(int minutes) => (minutes / 60, minutes % 60) switch
    {
        (0, var rest) => string.Create(CultureInfo.InvariantCulture, $"{rest} min"),
        (var hours, 0) => string.Create(CultureInfo.InvariantCulture, $"{hours} h"),
        var (hours, rest) => string.Create(CultureInfo.InvariantCulture, $"{hours} h {rest} min"),
    };
}
