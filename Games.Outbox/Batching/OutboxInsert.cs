using System.Runtime.CompilerServices;
using System.Text;
using Games.Outbox.Capture;
using Games.Outbox.Relay;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking.Internal;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using NpgsqlTypes;

namespace Games.Outbox.Batching;

/// <summary>
/// The insert of one row of the outbox, so that EF Core need not: to track, compare, sort and write an entity of 29 columns costs a save
/// several times what the statement does.
/// </summary>
#pragma warning disable EF1001 // ChangeTracker.Entries() would compare all that is tracked, which the save is about to do anyway.
internal sealed class OutboxInsert
{
    /// <summary>EF Core divides many rows among batches; ours all go into one.</summary>
    private const int MaxRows = 100;

    private static readonly Column[] Columns =
    [
        Id(nameof(OutboxMessage.MessageId), row => row.MessageId),
        Time(nameof(OutboxMessage.EnqueueTime), row => row.EnqueueTime),
        Time(nameof(OutboxMessage.SentTime), row => row.SentTime),
        Text(nameof(OutboxMessage.Headers), row => row.Headers),
        Text(nameof(OutboxMessage.Properties), row => row.Properties),
        Text(nameof(OutboxMessage.ContentType), row => row.ContentType),
        Text(nameof(OutboxMessage.MessageType), row => row.MessageType),
        Text(nameof(OutboxMessage.Body), row => row.Body),
        Id(nameof(OutboxMessage.ConversationId), row => row.ConversationId),
        Id(nameof(OutboxMessage.CorrelationId), row => row.CorrelationId),
        Id(nameof(OutboxMessage.InitiatorId), row => row.InitiatorId),
        Id(nameof(OutboxMessage.RequestId), row => row.RequestId),
        Text(nameof(OutboxMessage.SourceAddress), row => row.SourceAddress?.ToString()),
        Text(nameof(OutboxMessage.DestinationAddress), row => row.DestinationAddress?.ToString()),
        Text(nameof(OutboxMessage.ResponseAddress), row => row.ResponseAddress?.ToString()),
        Text(nameof(OutboxMessage.FaultAddress), row => row.FaultAddress?.ToString()),
        Time(nameof(OutboxMessage.ExpirationTime), row => row.ExpirationTime),
        Text(nameof(OutboxMessage.OrderingKey), row => row.OrderingKey),
        Id(nameof(OutboxMessage.LockId), row => row.LockId),
        Time(nameof(OutboxMessage.NextAttempt), row => row.NextAttempt),
        Id(nameof(OutboxMessage.SchedulingToken), row => row.SchedulingToken)
    ];

    /// <summary>What no capture sets.</summary>
    private static readonly string[] LeftToTheDatabase =
    [
        nameof(OutboxMessage.SequenceNumber), nameof(OutboxMessage.InboxMessageId), nameof(OutboxMessage.InboxConsumerId),
        nameof(OutboxMessage.OutboxId), nameof(OutboxMessage.Created), nameof(OutboxMessage.LockedUntil), nameof(OutboxMessage.Attempts),
        nameof(OutboxMessage.LastError), nameof(OutboxMessage.Dead), nameof(OutboxMessage.Relayed)
    ];

    // By the model: two applications in one process may have the table under two names.
    private static readonly ConditionalWeakTable<IModel, Lazy<OutboxInsert?>> Known = [];

    private readonly CompositeFormat _sql;

    private OutboxInsert(IModel model, ISqlGenerationHelper names)
    {
        var (table, column) = OutboxSql.Names<OutboxMessage>(model, names);

        _sql = CompositeFormat.Parse($$"""
            INSERT INTO {{Escaped(table)}} ({{string.Join(", ", Columns.Select(x => Escaped(column(x.Property))))}})
            VALUES ({{string.Join(", ", Columns.Select(x => $"@{{0}}_{x.Property}"))}})
            RETURNING {{Escaped(column(nameof(OutboxMessage.SequenceNumber)))}};
            """);
    }

    /// <summary>The insert for this context's model; null if the application has changed more of the table than names.</summary>
    public static OutboxInsert? For(DbContext context) => Known.GetValue(context.Model, model => new(() =>
        IsAsWeKnowIt(model.FindEntityType(typeof(OutboxMessage))) ? new OutboxInsert(model, context.GetService<ISqlGenerationHelper>()) : null)).Value;

    /// <summary>
    /// Has the save that is about to run carry the session's rows in its batch, if it can: there has to be one, so something else that is
    /// inserted. Where anything is updated or deleted, or might be, all is left to EF Core; so is a save that its caller may do again.
    /// </summary>
    public static void Carry(DbContext context, OutboxSession session)
    {
        if (session.IsSaveOpen || context.GetService<IModificationCommandBatchFactory>() is not InsertsInOneRoundTrip
            || session.Unsaved() is not { Length: > 0 and <= MaxRows } rows || For(context) is null)
        {
            return;
        }

        var tracked = context.GetService<IStateManager>();
        if (tracked.GetCountForState(modified: true, deleted: true, unchanged: true) == 0
            && tracked.GetEntriesForState(added: true).FirstOrDefault(IsInserted) is { } witness)
        {
            session.Carry(rows, witness);
        }
    }

    /// <summary>Whether the tracker still has this entry, and is to insert it.</summary>
    public static bool IsTracked(DbContext context, object? entry) =>
        entry is InternalEntityEntry { EntityState: EntityState.Added } known && context.GetService<IStateManager>().TryGetEntry(known.Entity) == known;

    /// <summary>Adds the insert, which returns the row's number.</summary>
    public void AppendTo(BatchStatements statements, OutboxMessage row)
    {
        var parameters = new (string, NpgsqlDbType, object?)[Columns.Length];
        for (var i = 0; i < parameters.Length; i++)
            parameters[i] = (Columns[i].Property, Columns[i].Type, Columns[i].Value(row));

        statements.Add(_sql, parameters);
    }

    private static bool IsInserted(InternalEntityEntry entry) =>
        entry.EntityType.ClrType != typeof(OutboxMessage) && entry.EntityType.GetTableName() is not null;

    private static bool IsAsWeKnowIt(IEntityType? entity) =>
        entity is not null && entity.GetProperties().Count() == Columns.Length + LeftToTheDatabase.Length
        && Columns.All(x => entity.FindProperty(x.Property)?.FindRelationalTypeMapping() is { } mapping && x.IsStoredAs(mapping.StoreTypeNameBase))
        && LeftToTheDatabase.All(x => entity.FindProperty(x) is not null);

    private static string Escaped(string name) => name.Replace("{", "{{").Replace("}", "}}");

    private static Column Id(string property, Func<OutboxMessage, Guid?> value) => new(property, NpgsqlDbType.Uuid, row => value(row));

    private static Column Text(string property, Func<OutboxMessage, string?> value) => new(property, NpgsqlDbType.Text, value);

    private static Column Time(string property, Func<OutboxMessage, DateTime?> value) => new(property, NpgsqlDbType.TimestampTz, row => value(row));

    private sealed record Column(string Property, NpgsqlDbType Type, Func<OutboxMessage, object?> Value)
    {
        public bool IsStoredAs(string storeType) => Type switch
        {
            NpgsqlDbType.Uuid => storeType is "uuid",
            NpgsqlDbType.TimestampTz => storeType is "timestamp with time zone",
            _ => storeType is "text" or "character varying"
        };
    }
}
#pragma warning restore EF1001
