namespace Games.Contracts;

/// <summary>What a game's host decides, and may change until it starts.</summary>
/// <param name="DurationMinutes">How long it takes; null if the host does not say.</param>
/// <param name="MaxPlayers">Seats; whoever joins beyond them waits.</param>
/// <param name="Reminders">Minutes before the start at which the players are reminded, the earliest first.</param>
public sealed record GameDetails(
    string Title,
    string? Description,
    string? Location,
    DateTimeOffset ScheduledAt,
    int? DurationMinutes,
    int MaxPlayers,
    IReadOnlyList<int> Reminders)
{
    public bool Equals(GameDetails? other) => other is not null
        && (Title, Description, Location, ScheduledAt, DurationMinutes, MaxPlayers)
            == (other.Title, other.Description, other.Location, other.ScheduledAt, other.DurationMinutes, other.MaxPlayers)
        && Reminders.SequenceEqual(other.Reminders);

    public override int GetHashCode() => HashCode.Combine(Title, ScheduledAt, MaxPlayers);
}
