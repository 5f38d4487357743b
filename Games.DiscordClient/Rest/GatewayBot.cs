namespace Games.DiscordClient.Rest;

/// <summary>Where the gateway is, into how many shards the guilds are to be divided, and how many sessions may be started.</summary>
public sealed record GatewayBot(string Url, int Shards, SessionStartLimit SessionStartLimit);

/// <param name="ResetAfter">Milliseconds.</param>
/// <param name="MaxConcurrency">How many may identify within 5 s.</param>
public sealed record SessionStartLimit(int Total, int Remaining, long ResetAfter, int MaxConcurrency);
