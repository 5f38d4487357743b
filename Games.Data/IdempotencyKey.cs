namespace Games.Data;

/// <summary>The answer to a request that may come again, kept in the transaction of what the request did.</summary>
public sealed class IdempotencyKey
{
    public const int KeyMaxLength = 255;

    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private IdempotencyKey()
    {
    }

    /// <summary>Whose key it is: another caller's may be the same text.</summary>
    public Guid ApiKeyId { get; private set; }

    public string Key { get; private set; } = null!;

    /// <summary>SHA-256 of what the request asked for.</summary>
    public byte[] RequestHash { get; private set; } = null!;

    public Guid GameId { get; private set; }

    /// <summary>The body of the first answer.</summary>
    public string Answer { get; private set; } = null!;

    public DateTimeOffset CreatedAt { get; private set; }

    public static IdempotencyKey For(Guid apiKeyId, string key, byte[] requestHash, Guid gameId, string answer, DateTimeOffset now) => new()
    {
        ApiKeyId = apiKeyId,
        Key = key,
        RequestHash = requestHash,
        GameId = gameId,
        Answer = answer,
        CreatedAt = Instant.Stored(now),
    };
}
