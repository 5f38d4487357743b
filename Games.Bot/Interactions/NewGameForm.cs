using System.Globalization;
using Games.Contracts;
using Games.Data;
using Games.DiscordClient.Rest;

namespace Games.Bot.Interactions;

/// <summary>The form for a new game, and how it is read.</summary>
internal static class NewGameForm
{
    public const string Command = "games new";
    public const string CustomId = "new-game";

    private const string TitleField = "title";
    private const string WhenField = "when";
    private const string PlayersField = "players";
    private const string WhereField = "where";
    private const string DescriptionField = "description";

    private static readonly string[] TimeFormats =
        ["yyyy-MM-dd HH:mm zzz", "yyyy-MM-dd HH:mmzzz", "yyyy-MM-ddTHH:mmzzz", "yyyy-MM-ddTHH:mm:sszzz", "yyyy-MM-dd HH:mm:ss zzz"];

    public static InteractionAnswer Modal { get; } = InteractionAnswer.Modal(
        CustomId, "A new game",
        Component.Row(Component.TextInput(TitleField, "Title", isLong: false, isRequired: true, Game.TitleMaxLength)),
        Component.Row(Component.TextInput(WhenField, "When, with your offset from UTC", false, true, 40, "2027-01-31 20:00 +01:00")),
        Component.Row(Component.TextInput(PlayersField, "Seats (1 to 100)", false, false, 3, $"{Game.DefaultMaxPlayers}")),
        Component.Row(Component.TextInput(WhereField, "Where", false, false, Game.LocationMaxLength)),
        Component.Row(Component.TextInput(DescriptionField, "Description", isLong: true, false, Game.DescriptionMaxLength)));

    /// <summary>The game that was asked for, or what is wrong with it.</summary>
    public static (GameDetails? Details, string? Problem) Read(IReadOnlyDictionary<string, string> values, DateTimeOffset now)
    {
        var title = values.GetValueOrDefault(TitleField)?.Trim() ?? "";
        if (title.Length == 0 || title.Any(char.IsControl) || CodePoints.In(title) > Game.TitleMaxLength)
            return (null, $"A game needs a title, in one line of at most {Game.TitleMaxLength} characters.");
        if (!TryReadTime(values.GetValueOrDefault(WhenField) ?? "", out var at))
            return (null, "I do not understand when. Write it like `2027-01-31 20:00 +01:00`: day, time and your offset from UTC.");
        if (at <= now || at >= Game.StartLimit)
            return (null, $"A game begins in the future, and before the year {Game.StartLimit.Year}.");
        if (Given(values, WhereField) is { } where && (where.Any(char.IsControl) || CodePoints.In(where) > Game.LocationMaxLength))
            return (null, $"Where it is must fit in one line of at most {Game.LocationMaxLength} characters.");
        if (Given(values, DescriptionField) is { } description
            && (description.Contains('\0') || CodePoints.In(description) > Game.DescriptionMaxLength))
        {
            return (null, $"A description has at most {Game.DescriptionMaxLength} characters.");
        }

        var seats = values.GetValueOrDefault(PlayersField)?.Trim() ?? "";
        var players = Game.DefaultMaxPlayers;
        if (seats.Length > 0 && !int.TryParse(seats, NumberStyles.None, CultureInfo.InvariantCulture, out players)
            || players is < 1 or > Game.MaxPlayersLimit)
        {
            return (null, $"A game has 1 to {Game.MaxPlayersLimit} seats.");
        }

        return (
            new(title, Given(values, DescriptionField), Given(values, WhereField), at, DurationMinutes: null, players, [60]), null);
    }

    private static bool TryReadTime(string text, out DateTimeOffset time)
    {
        text = text.Trim();
        // As Discord writes a time, for whoever has a tool that makes these.
        var seconds = text.StartsWith("<t:", StringComparison.Ordinal) ? text[3..].TrimEnd('>').Split(':')[0] : text;
        if (long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var unix) && unix < 250_000_000_000)
        {
            time = DateTimeOffset.FromUnixTimeSeconds(unix);
            return true;
        }

        return DateTimeOffset.TryParseExact(
            text.EndsWith('Z') ? $"{text[..^1].TrimEnd()}+00:00" : text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
    }

    private static string? Given(IReadOnlyDictionary<string, string> values, string field) =>
        values.GetValueOrDefault(field) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
}
