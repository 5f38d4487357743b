using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;

namespace Games.Data;

/// <summary>
/// The secret link of a guild's calendar, because a calendar client sends no key. The secret itself is in the link alone: the table has its hash.
/// </summary>
public sealed class CalendarFeed
{
    /// <summary>A scanner for leaked secrets finds one by <c>calendar_[0-9a-f]{64}</c>.</summary>
    public const string SecretPrefix = "calendar_";

    private CalendarFeed()
    {
    }

    public string GuildId { get; private set; } = null!;

    /// <summary>SHA-256 of the secret.</summary>
    public byte[] SecretHash { get; private set; } = null!;

    /// <summary>Of this link: a new one takes the place of the old.</summary>
    public DateTimeOffset CreatedAt { get; private set; }

    public static string NewSecret() => RandomSecret.New(SecretPrefix);

    /// <summary>In the same time for every wrong secret.</summary>
    public bool IsOpenedBy(string secret) => CryptographicOperations.FixedTimeEquals(RandomSecret.HashOf(secret), SecretHash);
}

public static class CalendarFeeds
{
    /// <summary>Takes the place of an older link of the guild; of two that are written at once, the later one's stays.</summary>
    public static Task WriteCalendarFeedAsync(this GamesDbContext db, string guildId, string secret, DateTimeOffset now, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO calendar_feeds (guild_id, secret_hash, created_at)
             VALUES ({Snowflake.Require(guildId)}, {RandomSecret.HashOf(secret)}, {Instant.Stored(now)})
             ON CONFLICT (guild_id) DO UPDATE SET secret_hash = excluded.secret_hash, created_at = excluded.created_at
             """,
            ct);
}
