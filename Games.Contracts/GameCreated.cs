namespace Games.Contracts;

/// <param name="By">The host's Discord id, or the name of the API key that created it.</param>
public sealed record GameCreated(
    Guid GameId,
    string GuildId,
    string ChannelId,
    string HostId,
    string Title,
    DateTimeOffset ScheduledAt,
    int MaxPlayers,
    int Version = 1,
    DateTimeOffset? At = null,
    string? By = null);
