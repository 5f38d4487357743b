using System.Globalization;
using System.Text;

namespace Games.Data;

/// <summary>What Discord is told of a game. <see cref="MessageId"/> is null until Discord has taken it.</summary>
public sealed class Announcement
{
    /// <summary>Discord refuses longer messages.</summary>
    public const int TextMaxLength = 2000;

    private const string Ellipsis = "…";

    private Announcement()
    {
    }

    public Guid GameId { get; private set; }
    public string ChannelId { get; private set; } = null!;
    public string? MessageId { get; private set; }
    public string Text { get; private set; } = null!;
    public DateTimeOffset CreatedAt { get; private set; }

    public static Announcement For(Game game, int players, DateTimeOffset now) => new()
    {
        GameId = game.Id,
        ChannelId = game.ChannelId,
        Text = Compose(game, players),
        CreatedAt = Instant.Stored(now),
    };

    private static string Compose(Game game, int players)
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
        var room = TextMaxLength - text.Length;
        if (description.Length <= room)
        {
            text.Append(description);
            return;
        }

        var end = room - Ellipsis.Length;
        if (char.IsHighSurrogate(description[end - 1]))
            end--;
        text.Append(description, 0, end).Append(Ellipsis);
    }

    /// <summary>A zero-width space after each @: a title of "@everyone" must not wake a whole guild.</summary>
    private static string WithoutMentions(string text) => text.Replace("@", "@\u200B", StringComparison.Ordinal);
}
