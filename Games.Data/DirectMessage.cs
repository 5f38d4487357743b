namespace Games.Data;

/// <summary>What one user is to be told. Nobody sends it yet: <see cref="SentAt"/> stays null.</summary>
public sealed class DirectMessage
{
    private DirectMessage()
    {
    }

    public Guid Id { get; private set; }
    public Guid GameId { get; private set; }
    public string UserId { get; private set; } = null!;
    public string Text { get; private set; } = null!;
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset? SentAt { get; private set; }

    public static DirectMessage To(string userId, Guid gameId, string text, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(text), Announcement.TextMaxLength, nameof(text));

        return new()
        {
            Id = Guid.CreateVersion7(now),
            GameId = gameId,
            UserId = Snowflake.Require(userId),
            Text = text,
            CreatedAt = Instant.Stored(now),
        };
    }
}
