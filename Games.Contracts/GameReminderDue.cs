namespace Games.Contracts;

/// <param name="Minutes">How long before the start it was to come.</param>
public sealed record GameReminderDue(
    Guid GameId,
    int Version,
    string GuildId,
    string ChannelId,
    string HostId,
    string Title,
    DateTimeOffset ScheduledAt,
    int Minutes,
    DateTimeOffset At);
