namespace Games.Data;

/// <summary>What one user is to be told. <see cref="SentAt"/> is null until Discord has taken it.</summary>
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

    /// <inheritdoc cref="Announcement.TraceParent"/>
    public string? TraceParent { get; private set; }

    public DateTimeOffset? SentAt { get; private set; }

    /// <summary>When it was first sent without Discord's answer being known since; null if it is not on its way.</summary>
    public DateTimeOffset? PostStartedAt { get; private set; }

    public int Attempts { get; private set; }

    /// <summary>It is not sent before; null: at once.</summary>
    public DateTimeOffset? NextAttemptAt { get; private set; }

    /// <summary>Why it will not be sent; null: it will.</summary>
    public string? Failure { get; private set; }

    public static DirectMessage To(string userId, Guid gameId, string text, DateTimeOffset now, string? traceParent = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(text), Announcement.TextMaxLength, nameof(text));

        return new()
        {
            Id = Guid.CreateVersion7(now),
            GameId = gameId,
            UserId = Snowflake.Require(userId),
            Text = text,
            CreatedAt = Instant.Stored(now),
            TraceParent = traceParent,
        };
    }
}
