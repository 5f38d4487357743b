namespace Games.Contracts;

/// <summary>A game will not be played. It says all that is needed to tell so, without a row.</summary>
/// <param name="MessageId">Of the announcement in Discord; null if there was none yet.</param>
public sealed record GameCancelled(
    Guid GameId,
    int Version,
    string GuildId,
    string ChannelId,
    string? MessageId,
    string HostId,
    string Title,
    DateTimeOffset ScheduledAt,
    string? Reason,
    DateTimeOffset At,
    string By);
