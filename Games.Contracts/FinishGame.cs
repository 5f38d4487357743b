namespace Games.Contracts;

/// <summary>Sent for later, to the bot itself.</summary>
/// <param name="EndsAt">The end that it was sent for: after a move it says nothing any more.</param>
public sealed record FinishGame(Guid GameId, DateTimeOffset EndsAt);
