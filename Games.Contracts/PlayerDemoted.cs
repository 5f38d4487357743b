namespace Games.Contracts;

/// <summary>Somebody has lost his seat, because there are fewer, and waits.</summary>
public sealed record PlayerDemoted(Guid GameId, int Version, string GuildId, string UserId, int WaitingPlace, DateTimeOffset At, string By);
