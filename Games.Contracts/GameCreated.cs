namespace Games.Contracts;

public sealed record GameCreated(
    Guid GameId,
    string GuildId,
    string ChannelId,
    string HostId,
    string Title,
    DateTimeOffset ScheduledAt,
    int MaxPlayers);
