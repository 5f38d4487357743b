namespace MassTransit.EntityFrameworkCoreIntegration;

/// <summary>
/// That one consumer has consumed one message: inserted in the consumer's own transaction, so that the row and the effect exist
/// together or not at all. Names and columns are those of the published package.
/// </summary>
public class InboxState
{
    /// <summary>Identity.</summary>
    public long Id { get; set; }

    /// <summary>The message's (original) id. Unique together with <see cref="ConsumerId" />.</summary>
    public Guid MessageId { get; set; }

    /// <summary>The consumer: a hash of its type and queue.</summary>
    public Guid ConsumerId { get; set; }

    /// <summary>Written for the package's sake.</summary>
    public Guid LockId { get; set; }

    /// <summary>The package's concurrency token.</summary>
    public byte[]? RowVersion { get; set; }

    /// <summary>When the message was received (UTC, the database's clock).</summary>
    public DateTime Received { get; set; }

    /// <summary>How often it was received up to its consumption: ours writes 1, and later repeats do not touch the row.</summary>
    public int ReceiveCount { get; set; }

    /// <summary>When the message expires (UTC).</summary>
    public DateTime? ExpirationTime { get; set; }

    /// <summary>When the consumer had finished (UTC).</summary>
    public DateTime? Consumed { get; set; }

    /// <summary>When its outgoing messages were secured (UTC): the same moment as <see cref="Consumed" />. The clean-up counts from here.</summary>
    public DateTime? Delivered { get; set; }

    /// <summary>Written by the published package only.</summary>
    public long? LastSequenceNumber { get; set; }
}
