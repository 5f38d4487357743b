using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MassTransit;

/// <summary>Adds the outbox and inbox tables to a model.</summary>
public static class OutboxModelBuilderExtensions
{
    /// <summary>Adds all three tables; <paramref name="callback" /> may rename or move each.</summary>
    public static void AddTransactionalOutboxEntities(this ModelBuilder modelBuilder, Action<EntityTypeBuilder>? callback = null)
    {
        modelBuilder.AddInboxStateEntity(callback);
        modelBuilder.AddOutboxStateEntity(callback);
        modelBuilder.AddOutboxMessageEntity(callback);
    }

    /// <summary>Adds the table of consumed messages.</summary>
    public static void AddInboxStateEntity(this ModelBuilder modelBuilder, Action<EntityTypeBuilder<InboxState>>? callback = null)
    {
        var inbox = modelBuilder.Entity<InboxState>();

        inbox.HasKey(x => x.Id);
        inbox.HasAlternateKey(x => new { x.MessageId, x.ConsumerId });
        inbox.Property(x => x.RowVersion).IsRowVersion();
        // Rows arrive in time order and are only ever deleted by age: a BRIN index finds the old ones and costs an insert next to nothing.
        inbox.HasIndex(x => x.Delivered).HasMethod("brin");

        callback?.Invoke(inbox);
    }

    /// <summary>Adds the table that the published package uses, and ours for the one row that pauses relaying.</summary>
    public static void AddOutboxStateEntity(this ModelBuilder modelBuilder, Action<EntityTypeBuilder<OutboxState>>? callback = null)
    {
        var outbox = modelBuilder.Entity<OutboxState>();

        outbox.HasKey(x => x.OutboxId);
        outbox.HasIndex(x => x.Created);
        outbox.Property(x => x.RowVersion).IsRowVersion();

        callback?.Invoke(outbox);
    }

    /// <summary>Adds the table of messages that wait to be published.</summary>
    public static void AddOutboxMessageEntity(this ModelBuilder modelBuilder, Action<EntityTypeBuilder<OutboxMessage>>? callback = null)
    {
        var outbox = modelBuilder.Entity<OutboxMessage>();

        outbox.HasKey(x => x.SequenceNumber);
        outbox.Property(x => x.ContentType).HasMaxLength(256);
        outbox.Property(x => x.SourceAddress).HasMaxLength(256);
        outbox.Property(x => x.DestinationAddress).HasMaxLength(256);
        outbox.Property(x => x.ResponseAddress).HasMaxLength(256);
        outbox.Property(x => x.FaultAddress).HasMaxLength(256);
        outbox.Property(x => x.Created).HasDefaultValueSql("clock_timestamp()");
        outbox.Property(x => x.Attempts).HasDefaultValue(0);

        // The package finds its rows by these two; ours never fills the columns, so the partial indexes stay empty and cost nothing.
        outbox.HasIndex(x => new { x.OutboxId, x.SequenceNumber }).IsUnique().HasFilter("\"OutboxId\" IS NOT NULL");
        outbox.HasIndex(x => new { x.InboxMessageId, x.InboxConsumerId, x.SequenceNumber }).IsUnique().HasFilter("\"InboxMessageId\" IS NOT NULL");

        // The relay's ways in. None holds a column that a claim changes, so that claims stay heap-only updates.
        outbox.HasIndex(x => x.SequenceNumber).HasDatabaseName("IX_OutboxMessage_Ready").HasFilter("\"NextAttempt\" IS NULL");
        outbox.HasIndex(x => x.NextAttempt).HasDatabaseName("IX_OutboxMessage_Later")
            .HasFilter("\"NextAttempt\" IS NOT NULL AND \"Relayed\" IS NULL");
        outbox.HasIndex(x => new { x.OrderingKey, x.SequenceNumber }).HasFilter("\"OrderingKey\" IS NOT NULL AND \"Relayed\" IS NULL");

        // Only rows that an earlier version kept after their publish are in this one.
        outbox.HasIndex(x => x.Relayed).HasFilter("\"Relayed\" IS NOT NULL");

        // Only scheduled rows are in it, for the cancellation.
        outbox.HasIndex(x => x.SchedulingToken).HasFilter("\"SchedulingToken\" IS NOT NULL");

        // A queue in a table: room in each page for the claim's new version of a row, and vacuum by count, not by share.
        outbox.HasStorageParameter("fillfactor", 50);
        outbox.HasStorageParameter("autovacuum_vacuum_scale_factor", 0);
        outbox.HasStorageParameter("autovacuum_vacuum_threshold", 10000);

        callback?.Invoke(outbox);
    }
}
