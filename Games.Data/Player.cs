namespace Games.Data;

/// <summary>A seat taken. The host organises and takes a seat only by joining, like everybody else.</summary>
public sealed class Player
{
    private Player()
    {
    }

    public Guid GameId { get; private set; }
    public string UserId { get; private set; } = null!;
    public DateTimeOffset JoinedAt { get; private set; }

    public static Player Join(Guid gameId, string userId, DateTimeOffset now) => new()
    {
        GameId = gameId,
        UserId = Snowflake.Require(userId),
        JoinedAt = Instant.Stored(now),
    };
}
