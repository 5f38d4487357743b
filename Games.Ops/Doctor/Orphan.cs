namespace Games.Ops.Doctor;

/// <summary>A kind of event that is without the effect that its type promises.</summary>
internal interface IOrphans
{
    /// <summary>What is missing, as the screen says it.</summary>
    string Name { get; }

    /// <summary>The events older than a time that are without their effect.</summary>
    IAsyncEnumerable<Orphan> FindAsync(DateTimeOffset before, CancellationToken ct);
}

/// <summary>An event without its effect.</summary>
/// <param name="Id">The game's or the event's.</param>
/// <param name="Event">What has to be published again, or sent: an event or a command of a contract's type; null if that would not help.</param>
/// <param name="Hopeless">Why it would not; null if it may.</param>
internal sealed record Orphan(Guid Id, object? Event, string? Hopeless = null)
{
    /// <summary>Where it is sent, if it is a command and no event.</summary>
    public string? Queue { get; init; }
}
