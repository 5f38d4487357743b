namespace Games.Contracts;

/// <summary>A game's details were changed.</summary>
/// <param name="Changed">The names of what differs between the two, as in their JSON.</param>
public sealed record GameUpdated(
    Guid GameId,
    int Version,
    string GuildId,
    string ChannelId,
    IReadOnlyList<string> Changed,
    GameDetails Old,
    GameDetails New,
    DateTimeOffset At,
    string By);
