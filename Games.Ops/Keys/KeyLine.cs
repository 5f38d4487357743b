using Games.Data;

namespace Games.Ops.Keys;

/// <summary>A key as one line, without anything that opens a door.</summary>
internal static class KeyLine
{
    public static string Of(ApiKey key, DateTimeOffset now) => string.Join(
        "  ",
        Terminal.Printable(key.Name),
        key.Id,
        StateOf(key, now),
        string.Join(',', key.Scopes),
        key.Guilds is [] ? "all guilds" : string.Join(',', key.Guilds),
        $"created {key.CreatedAt:yyyy-MM-dd}",
        key.LastUsedAt is { } used ? $"last used {used:yyyy-MM-dd HH}:00 to {used.AddHours(1):HH}:00" : "never used");

    private static string StateOf(ApiKey key, DateTimeOffset now) => key switch
    {
        { RevokedAt: { } revoked } => $"revoked {revoked:yyyy-MM-dd}",
        { ExpiresAt: { } end } => end <= now ? $"expired {end:yyyy-MM-dd}" : $"until {end:yyyy-MM-dd HH:mm}",
        _ => "valid",
    };
}
