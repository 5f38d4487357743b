namespace Games.Outbox;

/// <summary>
/// Publishes relayed messages again, as long as <see cref="OutboxOptions.Retention" /> has kept them. A replay is a copy with a row of its own
/// and the header <see cref="Header" />; it goes its way like any message, with attempts, leases and its ordering key. It has the MessageId of
/// the first publish, so that inboxes that remember it take no second effect; with a new one they do.
/// </summary>
public interface IOutboxReplay
{
    /// <summary>Marks a replayed message, with the value true: in the envelope, where consumers read it, and as a transport header.</summary>
    const string Header = "Outbox-Replay";

    /// <summary>Replays one message.</summary>
    /// <param name="sequenceNumber">The kept row's number.</param>
    /// <param name="newMessageId">Whether it gets a new MessageId, to have its effect again in consumers with an inbox.</param>
    /// <param name="ct">Ends the wait for the database.</param>
    /// <returns>Whether the row was there.</returns>
    /// <exception cref="NotSupportedException">A new MessageId was asked for a message that is not JSON, where it is part of the body.</exception>
    Task<bool> ReplayAsync(long sequenceNumber, bool newMessageId = false, CancellationToken ct = default);

    /// <summary>
    /// Replays messages in their order, in sets of 500, each a transaction: a failure in between leaves the sets before it replayed. Replays
    /// in the range are left out.
    /// </summary>
    /// <param name="range">Which messages.</param>
    /// <param name="newMessageId">Whether they get new MessageIds, to have their effect again in consumers with an inbox.</param>
    /// <param name="ct">Ends it after the set that is under way.</param>
    /// <returns>Number of messages that are being replayed.</returns>
    /// <exception cref="NotSupportedException">A new MessageId was asked for a message that is not JSON, where it is part of the body.</exception>
    Task<long> ReplayAsync(OutboxReplayRange range, bool newMessageId = false, CancellationToken ct = default);
}

/// <summary>Which relayed messages: those that fulfil all that is given, so at least one bound should be.</summary>
public sealed record OutboxReplayRange
{
    /// <summary>Lowest row number.</summary>
    public long? From { get; init; }

    /// <summary>Highest row number.</summary>
    public long? To { get; init; }

    /// <summary>Relayed at this time (the database's clock) or later.</summary>
    public DateTimeOffset? RelayedFrom { get; init; }

    /// <summary>Relayed before this time (the database's clock).</summary>
    public DateTimeOffset? RelayedBefore { get; init; }
}
