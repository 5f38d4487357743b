namespace Games.Contracts;

/// <param name="WaitingPlace">1 for the first who waits for a seat; null for one who plays.</param>
public sealed record PlayerJoined(
    Guid GameId,
    int Version,
    string GuildId,
    string UserId,
    string? DisplayName,
    int? WaitingPlace,
    DateTimeOffset At,
    string By);
