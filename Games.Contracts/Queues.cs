namespace Games.Contracts;

/// <summary>
/// The name on the broker of each queue. A consumed queue has an exchange of its name, which the exchanges of its events are bound to.
/// </summary>
public static class Queues
{
    public const string AnnounceGame = "announce-game";
    public const string IngestMessage = "ingest-message";

    /// <summary>Keeps the newest <see cref="Games.Contracts.MessageStored"/> for a consumer to come: nobody consumes it yet.</summary>
    public const string MessageStored = "message-stored";

    /// <summary>Those that the bot consumes.</summary>
    public static IReadOnlyList<string> Consumed { get; } = [AnnounceGame, IngestMessage];
}
