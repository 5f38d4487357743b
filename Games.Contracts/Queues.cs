namespace Games.Contracts;

/// <summary>
/// The name on the broker of each queue. A consumed queue has an exchange of its name, which the exchanges of its events are bound to.
/// </summary>
public static class Queues
{
    public const string AnnounceGame = "announce-game";
    public const string IngestMessage = "ingest-message";

    /// <summary>Those that the bot consumes.</summary>
    public static IReadOnlyList<string> Consumed { get; } = [AnnounceGame, IngestMessage];
}
