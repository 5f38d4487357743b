namespace Games.Data;

/// <summary>Who may call the API, and what for. The key itself is known to its holder alone: the table has its hash.</summary>
public sealed class ApiKey
{
    public const int NameMaxLength = 100;

    private ApiKey()
    {
    }

    public Guid Id { get; private set; }
    public string Name { get; private set; } = null!;

    /// <summary>SHA-256 of the key.</summary>
    public byte[] Hash { get; private set; } = null!;

    public string[] Scopes { get; private set; } = null!;

    /// <summary>The guilds it is for; none means all.</summary>
    public string[] Guilds { get; private set; } = null!;

    public DateTimeOffset CreatedAt { get; private set; }

    /// <summary>From then on it is refused; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; private set; }

    /// <summary>Since when it is refused; null while it is not.</summary>
    public DateTimeOffset? RevokedAt { get; private set; }

    /// <summary>To the hour, so that a key costs one write an hour.</summary>
    public DateTimeOffset? LastUsedAt { get; private set; }

    /// <exception cref="ArgumentException">A scope is unknown, or is one of all guilds in a key for some; or a guild is no Discord id.</exception>
    public static ApiKey Create(
        string name, string key, IEnumerable<string> scopes, IEnumerable<string> guilds, DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, NameMaxLength, nameof(name));
        string[] given = [.. scopes.Distinct()];
        string[] some = [.. guilds.Select(guild => Snowflake.Require(guild, nameof(guilds))).Distinct()];
        if (given is [] || given.Except(Scope.All).FirstOrDefault() is not null)
            throw new ArgumentException($"Scopes are: {string.Join(", ", Scope.All)}.", nameof(scopes));
        if (some is not [] && given.Except(Scope.OfAGuild).FirstOrDefault() is { } wide)
            throw new ArgumentException($"A key for some guilds cannot have {wide}, which knows no guilds.", nameof(scopes));

        return new()
        {
            Id = Guid.CreateVersion7(now),
            Name = name,
            Hash = ApiKeyText.HashOf(key),
            Scopes = given,
            Guilds = some,
            CreatedAt = Instant.Stored(now),
            ExpiresAt = expiresAt is { } end ? Instant.Stored(end) : null,
        };
    }

    public void Revoke(DateTimeOffset now) => RevokedAt ??= Instant.Stored(now);
}
