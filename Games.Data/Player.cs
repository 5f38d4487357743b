namespace Games.Data;

/// <summary>
/// Somebody who joined. The first of a game play, as many as it has seats, and the others wait in the order of their numbers. The host
/// organises and takes a seat only by joining, like everybody else.
/// </summary>
public sealed class Player
{
    /// <summary>Code points.</summary>
    public const int DisplayNameMaxLength = 100;

    private Player()
    {
    }

    public Guid GameId { get; private set; }
    public string UserId { get; private set; } = null!;
    public string? DisplayName { get; private set; }

    /// <summary>Grows with each who joins the game, and is never given twice.</summary>
    public int Number { get; private set; }

    public DateTimeOffset JoinedAt { get; private set; }

    internal static Player Join(Guid gameId, string userId, string? displayName, int number, DateTimeOffset now)
    {
        displayName = string.IsNullOrWhiteSpace(displayName) ? null : displayName.Trim();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CodePoints.In(displayName), DisplayNameMaxLength, nameof(displayName));

        return new()
        {
            GameId = gameId,
            UserId = Snowflake.Require(userId),
            DisplayName = displayName,
            Number = number,
            JoinedAt = Instant.Stored(now),
        };
    }
}
