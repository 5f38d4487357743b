namespace Games.Contracts;

/// <param name="At">When it was noticed: later than <paramref name="ScheduledAt"/> if the services were down.</param>
public sealed record GameStarted(
    Guid GameId, int Version, string GuildId, string ChannelId, string Title, DateTimeOffset ScheduledAt, DateTimeOffset At);
