namespace Games.FakeDiscord.State;

/// <summary>What Discord decides and does not promise; <c>PUT /_fake/settings</c> changes what it names.</summary>
internal sealed record Settings
{
    /// <summary>How often a client of the gateway is to send a heartbeat.</summary>
    public int HeartbeatIntervalMs { get; init; } = 41_250;

    /// <summary>How long a session that lost its connection can be resumed.</summary>
    public int SessionLifetimeMs { get; init; } = 180_000;

    /// <summary>How many shards /gateway/bot recommends.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>How many shards may identify in 5 s.</summary>
    public int MaxConcurrency { get; init; } = 1;

    /// <summary>How often the bot may identify before its token is no longer taken.</summary>
    public int IdentifiesLeft { get; init; } = 1000;

    /// <summary>How long a repeated nonce gives the first message.</summary>
    public int NonceLifetimeMs { get; init; } = 120_000;

    /// <summary>Requests a second that a bot may make in all.</summary>
    public int GlobalRequestsPerSecond { get; init; } = 50;
}
