namespace Games.Contracts;

/// <summary>Somebody who waited has a seat now.</summary>
public sealed record PlayerPromoted(Guid GameId, int Version, string GuildId, string UserId, DateTimeOffset At, string By);
