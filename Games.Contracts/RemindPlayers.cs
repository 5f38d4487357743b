namespace Games.Contracts;

/// <summary>Sent for later, to the bot itself.</summary>
/// <param name="ScheduledAt">The start that it was sent for: after a move it says nothing any more.</param>
public sealed record RemindPlayers(Guid GameId, DateTimeOffset ScheduledAt, int Minutes);
