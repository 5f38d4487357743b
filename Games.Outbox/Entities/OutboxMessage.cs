namespace MassTransit.EntityFrameworkCoreIntegration;

/// <summary>
/// One message that a transaction wants to leave the process: written with the business change, published after the commit, deleted
/// after the broker's confirm. Names and columns up to <see cref="ExpirationTime" /> are those of the published package; the rest is ours.
/// </summary>
public class OutboxMessage
{
    /// <summary>Identity of the row. A lower number may commit after a higher one.</summary>
    public long SequenceNumber { get; set; }

    /// <summary>The message's id, by which inboxes de-duplicate.</summary>
    public Guid MessageId { get; set; }

    /// <summary>Not to be published before this time (UTC, the database's clock); null for at once.</summary>
    public DateTime? EnqueueTime { get; set; }

    /// <summary>When the application published it (UTC, the application's clock).</summary>
    public DateTime SentTime { get; set; }

    /// <summary>The message's headers as a JSON object.</summary>
    public string? Headers { get; set; }

    /// <summary>Transport properties (routing key, priority, …) as a JSON object.</summary>
    public string? Properties { get; set; }

    /// <summary>Written by the published package only.</summary>
    public Guid? InboxMessageId { get; set; }

    /// <summary>Written by the published package only.</summary>
    public Guid? InboxConsumerId { get; set; }

    /// <summary>Written by the published package only.</summary>
    public Guid? OutboxId { get; set; }

    /// <summary>MIME type of <see cref="Body" />.</summary>
    public string ContentType { get; set; } = null!;

    /// <summary>The message's type URNs, separated by semicolons.</summary>
    public string MessageType { get; set; } = null!;

    /// <summary>The serialized message, exactly as the broker gets it (base64 if the serializer is binary).</summary>
    public string Body { get; set; } = null!;

    /// <summary>Shared by all messages of one conversation.</summary>
    public Guid? ConversationId { get; set; }

    /// <summary>The business correlation.</summary>
    public Guid? CorrelationId { get; set; }

    /// <summary>Correlation id of the message that caused this one.</summary>
    public Guid? InitiatorId { get; set; }

    /// <summary>Set for requests and responses.</summary>
    public Guid? RequestId { get; set; }

    /// <summary>Who sends.</summary>
    public Uri? SourceAddress { get; set; }

    /// <summary>The exchange or queue it goes to.</summary>
    public Uri? DestinationAddress { get; set; }

    /// <summary>Where responses go.</summary>
    public Uri? ResponseAddress { get; set; }

    /// <summary>Where faults go.</summary>
    public Uri? FaultAddress { get; set; }

    /// <summary>After this time (UTC) nobody wants the message any more; null for never.</summary>
    public DateTime? ExpirationTime { get; set; }

    /// <summary>When the row was inserted (UTC, the database's clock).</summary>
    public DateTime Created { get; internal set; }

    /// <summary>Rows with the same key leave one after the other, in their order of insertion; null for no order.</summary>
    public string? OrderingKey { get; set; }

    /// <summary>
    /// The process whose relay has leased the row. It is the fencing token: only that one may delete the row or count an attempt. Null while no
    /// process has leased it.
    /// </summary>
    public Guid? LockId { get; set; }

    /// <summary>
    /// When the lease ends (UTC, the database's clock). Null with a <see cref="LockId" />: it is leased to the inserting process, from
    /// <see cref="Created" /> for one lease.
    /// </summary>
    public DateTime? LockedUntil { get; private set; }

    /// <summary>How often the broker refused the message. An unreachable broker counts nothing.</summary>
    public int Attempts { get; internal set; }

    /// <summary>Not to be tried before this time (UTC, the database's clock); infinity when dead; null for at once.</summary>
    public DateTime? NextAttempt { get; set; }

    /// <summary>Why the last attempt failed.</summary>
    public string? LastError { get; private set; }

    /// <summary>When the relay gave up (UTC); null while it has not.</summary>
    public DateTime? Dead { get; private set; }

    /// <summary>By this a message that waits for its <see cref="EnqueueTime" /> can be cancelled; null if it was not scheduled.</summary>
    public Guid? SchedulingToken { get; internal set; }

    /// <summary>
    /// When the broker had confirmed the message (UTC, the database's clock). Only an earlier version filled it, for its option Retention, and such
    /// rows may still lie in the table: for this release every statement of the relay and the inspection passes them by. They can be deleted by hand.
    /// </summary>
    public DateTime? Relayed { get; private set; }

    /// <summary>How long after its save the message is to leave: it becomes <see cref="EnqueueTime" /> by the database's clock.</summary>
    internal TimeSpan? Delay { get; set; }

    /// <summary>How long after it could leave the message is wanted: it becomes <see cref="ExpirationTime" />.</summary>
    internal TimeSpan? TimeToLive { get; set; }

    /// <summary>Whether it keeps no order with the other messages of its transaction.</summary>
    internal bool IsUnordered { get; set; }

    /// <summary>Whether none was published before it with its ordering key.</summary>
    internal bool BeginsItsKey { get; set; }

    /// <summary>The bytes of <see cref="Body" /> while this process still has them, so that they need not be encoded again.</summary>
    internal byte[]? BodyBytes { get; set; }

    /// <summary>Why the row, as it lies in the table, is no message; null if it is one.</summary>
    internal string? Unreadable { get; init; }

    /// <summary>Whether the broker has returned it before, for want of a queue.</summary>
    internal bool WasReturned { get; init; }

    /// <summary>Bytes that it takes in this process, as far as they may be many.</summary>
    internal int Size => (BodyBytes?.Length ?? 0) + (Headers?.Length ?? 0);

    /// <summary>What is to be done once the row is committed; null for nothing.</summary>
    internal Action? OnCommitted { get; set; }

    /// <summary>When this process leased the row, by its own monotonic clock (TimeProvider timestamp).</summary>
    internal long LeasedSince { get; set; }

    /// <summary>Since when it could have been published, by the same clock; null while nobody measures that.</summary>
    internal long? PublishableSince { get; set; }

    /// <summary>The row as the table has it, for the relay: the context's own gets its number when its changes are accepted.</summary>
    internal OutboxMessage Inserted(long number)
    {
        var row = (OutboxMessage)MemberwiseClone();
        row.SequenceNumber = number;

        return row;
    }
}
