namespace Games.Contracts;

public sealed record GameFinished(Guid GameId, int Version, string GuildId, string ChannelId, string Title, DateTimeOffset At);
