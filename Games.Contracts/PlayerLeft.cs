namespace Games.Contracts;

/// <param name="By">The player, or whoever has removed him.</param>
public sealed record PlayerLeft(Guid GameId, int Version, string GuildId, string UserId, bool HasWaited, DateTimeOffset At, string By);
