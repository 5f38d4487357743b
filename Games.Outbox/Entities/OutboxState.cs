namespace MassTransit.EntityFrameworkCoreIntegration;

/// <summary>
/// The published package's record of one transaction's outbox. Ours needs none: the table is kept so that a drained database can move
/// between the two without a migration. The one row that ours may write says that relaying is paused.
/// </summary>
public class OutboxState
{
    /// <summary>Identity.</summary>
    public Guid OutboxId { get; set; }

    /// <summary>The package's lock token.</summary>
    public Guid LockId { get; set; }

    /// <summary>The package's concurrency token.</summary>
    public byte[]? RowVersion { get; set; }

    /// <summary>When the outbox was created (UTC).</summary>
    public DateTime Created { get; set; }

    /// <summary>When all its messages were delivered (UTC).</summary>
    public DateTime? Delivered { get; set; }

    /// <summary>The last sequence number delivered.</summary>
    public long? LastSequenceNumber { get; set; }
}
