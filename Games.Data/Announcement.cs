namespace Games.Data;

/// <summary>What Discord is told of a game. <see cref="MessageId"/> is null until Discord has taken it.</summary>
public sealed class Announcement
{
    /// <summary>Discord refuses longer messages (code points).</summary>
    public const int TextMaxLength = 2000;

    private Announcement()
    {
    }

    public Guid GameId { get; private set; }
    public string ChannelId { get; private set; } = null!;
    public string? MessageId { get; private set; }
    public string Text { get; private set; } = null!;
    public DateTimeOffset CreatedAt { get; private set; }

    public static Announcement For(Game game, string text, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(text), TextMaxLength, nameof(text));

        return new()
        {
            GameId = game.Id,
            ChannelId = game.ChannelId,
            Text = text,
            CreatedAt = Instant.Stored(now),
        };
    }
}
