using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Games.Outbox.Database;

/// <summary>
/// The table of messages with the names that this application's model gives it, as SQL writes them, and the conditions that several statements share.
/// </summary>
internal sealed class OutboxTable
{
    private readonly Func<string, string> _column;
    private readonly string[] _names;

    public OutboxTable(IModel model, ISqlGenerationHelper names)
    {
        (Name, _column) = TableNames.Of<OutboxMessage>(model, names);
        Oid = $"'{Name.Replace("'", "''")}'::regclass::oid";
        State = TableNames.Of<OutboxState>(model, names);
        Inbox = TableNames.Of<InboxState>(model, names);
        // The longest first: one name may begin as another does.
        _names =
        [
            .. new[] { typeof(OutboxMessage), typeof(OutboxState), typeof(InboxState) }
                .Select(entity => model.FindEntityType(entity)!.GetTableName()!).OrderByDescending(name => name.Length)
        ];

        SequenceNumber = _column(nameof(OutboxMessage.SequenceNumber));
        OrderingKey = _column(nameof(OutboxMessage.OrderingKey));
        LockId = _column(nameof(OutboxMessage.LockId));
        LockedUntil = _column(nameof(OutboxMessage.LockedUntil));
        Created = _column(nameof(OutboxMessage.Created));
        EnqueueTime = _column(nameof(OutboxMessage.EnqueueTime));
        NextAttempt = _column(nameof(OutboxMessage.NextAttempt));
        Attempts = _column(nameof(OutboxMessage.Attempts));
        LastError = _column(nameof(OutboxMessage.LastError));
        Dead = _column(nameof(OutboxMessage.Dead));
        Relayed = _column(nameof(OutboxMessage.Relayed));
    }

    public string Name { get; }
    public string Oid { get; }
    public string SequenceNumber { get; }
    public string OrderingKey { get; }
    public string LockId { get; }
    public string LockedUntil { get; }
    public string Created { get; }
    public string EnqueueTime { get; }
    public string NextAttempt { get; }
    public string Attempts { get; }
    public string LastError { get; }
    public string Dead { get; }
    public string Relayed { get; }

    /// <summary>The table that the published package uses, and ours for the pause.</summary>
    public (string Name, Func<string, string> Column) State { get; }

    /// <summary>The table of consumed messages.</summary>
    public (string Name, Func<string, string> Column) Inbox { get; }

    /// <summary>Condition: relaying is paused.</summary>
    public string IsPaused => $"EXISTS (SELECT 1 FROM {State.Name} WHERE {State.Column(nameof(OutboxState.OutboxId))} = '{PauseRow.Id}')";

    /// <summary>Expression: who has paused relaying, as <see cref="PauseRow.Read" /> reads it; null while it is not paused.</summary>
    public string PausedBy => $"""
        (SELECT {State.Column(nameof(OutboxState.LockId))} FROM {State.Name} WHERE {State.Column(nameof(OutboxState.OutboxId))} = '{PauseRow.Id}')
        """;

    /// <summary>Query: the channel of the table's notifications.</summary>
    public string Channel => NotificationChannel.Of(Oid);

    /// <summary>Which of the tables a message of the server names, in whatever language: no field of the error does. Else the message.</summary>
    public string NamedIn(string message) => _names.FirstOrDefault(message.Contains) ?? $"({message})";

    /// <summary>A column by the name of its property.</summary>
    public string Column(string property) => _column(property);

    /// <summary>Condition: no living relay has leased the row.</summary>
    /// <param name="row">The row's alias.</param>
    /// <param name="lease">The parameter with the length of a lease: a row that is inserted as leased has no end of it.</param>
    /// <remarks>clock_timestamp(), not now(): the statement may have waited for the lock of the claims.</remarks>
    public string IsFree(string row, string lease) =>
        $"({row}.{LockId} IS NULL OR COALESCE({row}.{LockedUntil}, {row}.{Created} + {lease}) < clock_timestamp())";
}

internal static class TableNames
{
    /// <summary>The table of an entity and its columns, as SQL writes them.</summary>
    public static (string Name, Func<string, string> Column) Of<TEntity>(IModel model, ISqlGenerationHelper names)
    {
        var entity = model.FindEntityType(typeof(TEntity)) ?? throw new InvalidOperationException(
            $"The model has no {typeof(TEntity).Name}: call modelBuilder.AddTransactionalOutboxEntities() in OnModelCreating.");
        var table = StoreObjectIdentifier.Create(entity, StoreObjectType.Table)!.Value;

        return (names.DelimitIdentifier(table.Name, table.Schema),
            property => names.DelimitIdentifier(entity.FindProperty(property)!.GetColumnName(table)!));
    }
}
