using Games.Outbox.Capture;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Games.Outbox.Relay;

/// <summary>The relay's statements with the names that this application's model gives its tables and columns.</summary>
internal sealed class OutboxSql
{
    public OutboxSql(IModel model, ISqlGenerationHelper names)
    {
        var (outbox, o) = Names<OutboxMessage>(model, names);
        var (inbox, i) = Names<InboxState>(model, names);

        var sequence = o(nameof(OutboxMessage.SequenceNumber));
        var key = o(nameof(OutboxMessage.OrderingKey));
        var owner = o(nameof(OutboxMessage.LockId));
        var until = o(nameof(OutboxMessage.LockedUntil));
        var created = o(nameof(OutboxMessage.Created));
        var next = o(nameof(OutboxMessage.NextAttempt));
        var scheduled = o(nameof(OutboxMessage.EnqueueTime));
        var attempts = o(nameof(OutboxMessage.Attempts));
        var error = o(nameof(OutboxMessage.LastError));
        var dead = o(nameof(OutboxMessage.Dead));

        // clock_timestamp(), not now(): the statement may have waited for the lock of the claims.
        string Free(string row, string lease) =>
            $"({row}.{owner} IS NULL OR COALESCE({row}.{until}, {row}.{created} + {lease}) < clock_timestamp())";

        // Claims go one after the other, each seeing what the one before has taken: without it two relays could take two rows of one
        // ordering key at the same moment. A claim lasts a few milliseconds and ends on the server, whatever becomes of its client.
        LockClaims = $"SELECT pg_advisory_xact_lock(hashtext('games.outbox'), '{outbox.Replace("'", "''")}'::regclass::oid::int)";

        // A row with a key waits for every earlier row of its key that this claim cannot take along: one in other hands, or laid aside.
        // The order within a transaction is a courtesy, so there a row laid aside holds up nobody.
        string IsBusiness(string row) => $"{row}.{key} NOT LIKE '{OutboxSession.TransactionKeyPrefix}%'";

        Claim = $"""
            WITH ready AS (
                SELECT {sequence} FROM {outbox} m
                WHERE {next} IS NULL AND {Free("m", "$2")}
                  AND ({key} IS NULL OR NOT EXISTS (
                      SELECT 1 FROM {outbox} e
                      WHERE e.{key} = m.{key} AND e.{sequence} < m.{sequence}
                        AND (e.{next} IS NOT NULL AND {IsBusiness("e")} OR NOT {Free("e", "$2")})))
                ORDER BY {sequence} LIMIT $3 FOR UPDATE SKIP LOCKED),
            later AS (
                SELECT {sequence} FROM {outbox} m
                WHERE {next} <= now() AND {Free("m", "$2")}
                  AND ({key} IS NULL OR NOT EXISTS (
                      SELECT 1 FROM {outbox} e WHERE e.{key} = m.{key} AND e.{sequence} < m.{sequence}
                        AND ({IsBusiness("e")} OR NOT {Free("e", "$2")})))
                ORDER BY {next} LIMIT $3 FOR UPDATE SKIP LOCKED)
            UPDATE {outbox} t SET {owner} = $1, {until} = clock_timestamp() + $2
            FROM (SELECT {sequence} FROM ready UNION ALL SELECT {sequence} FROM later) c
            WHERE t.{sequence} = c.{sequence}
            RETURNING t.{string.Join(", t.", Columns.Select(o))},
                EXTRACT(EPOCH FROM clock_timestamp() - GREATEST(t.{created}, t.{scheduled}))::float8
            """;

        // Looks at a bounded head of each index: what stands there decides when the relay has to be up again.
        Peek = $"""
            SELECT EXTRACT(EPOCH FROM LEAST(
                (SELECT min(CASE WHEN {owner} IS NULL THEN {created} ELSE COALESCE({until}, {created} + $1) END)
                 FROM (SELECT {owner}, {until}, {created} FROM {outbox} WHERE {next} IS NULL ORDER BY {sequence} LIMIT 1000) ready),
                (SELECT min(CASE WHEN {owner} IS NULL THEN {next} ELSE GREATEST({next}, {until}) END)
                 FROM (SELECT {owner}, {until}, {next} FROM {outbox}
                       WHERE {next} IS NOT NULL AND {next} < 'infinity' ORDER BY {next} LIMIT 1000) later)
                ) - clock_timestamp())::float8
            """;

        // Each count walks its index and stops at the bound, by ORDER BY whatever the statistics say: 16 million rows cost as much as
        // 10,000. Beyond the bound stands what the last vacuum counted in the whole table.
        Measure = $"""
            SELECT CASE WHEN ready + later <= $1 THEN ready + later ELSE GREATEST(ready + later, rows - dead) END, dead, age
            FROM (SELECT
                (SELECT count(*) FROM (SELECT FROM {outbox} WHERE {next} IS NULL ORDER BY {sequence} LIMIT $1 + 1) r) AS ready,
                (SELECT count(*) FROM (SELECT FROM {outbox} WHERE {next} IS NOT NULL AND {next} < 'infinity' ORDER BY {next} LIMIT $1 + 1) l) AS later,
                (SELECT count(*) FROM (SELECT FROM {outbox} WHERE {next} = 'infinity' ORDER BY {next} LIMIT $1) d) AS dead,
                (SELECT reltuples::bigint FROM pg_class WHERE oid = '{outbox.Replace("'", "''")}'::regclass) AS rows,
                EXTRACT(EPOCH FROM clock_timestamp() - LEAST(
                    (SELECT GREATEST({created}, {scheduled}) FROM {outbox} WHERE {next} IS NULL ORDER BY {sequence} LIMIT 1),
                    (SELECT min(GREATEST({created}, {scheduled}))
                     FROM (SELECT {created}, {scheduled} FROM {outbox}
                           WHERE {next} IS NOT NULL AND {next} < 'infinity' ORDER BY {next} LIMIT $1) l)))::float8 AS age) m
            """;

        // By the table's full name, as the server knows it: whatever schema a model names or leaves to the search path, those who share the
        // table share the channel, and no other application in the database does.
        Channel = $"""
            SELECT 'outbox_' || left(encode(sha256(convert_to(format('%I.%I', n.nspname, c.relname), 'UTF8')), 'hex'), 32)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = '{outbox.Replace("'", "''")}'::regclass
            """;

        Delete = $"DELETE FROM {outbox} WHERE {sequence} = ANY($1) AND {owner} = $2";
        Release = $"UPDATE {outbox} SET {owner} = NULL, {until} = NULL WHERE {sequence} = ANY($1) AND {owner} = $2";
        Renew = $"UPDATE {outbox} SET {until} = clock_timestamp() + $3 WHERE {sequence} = ANY($1) AND {owner} = $2 RETURNING {sequence}";
        Fail = $"""
            UPDATE {outbox} SET {attempts} = $5, {error} = $3, {owner} = NULL, {until} = NULL,
                {next} = COALESCE(clock_timestamp() + $4, 'infinity'), {dead} = CASE WHEN $4 IS NULL THEN clock_timestamp() END
            WHERE {sequence} = $1 AND {owner} = $2
            """;

        InsertInbox = $"""
            INSERT INTO {inbox} ({i(nameof(InboxState.MessageId))}, {i(nameof(InboxState.ConsumerId))}, {i(nameof(InboxState.LockId))},
                {i(nameof(InboxState.ExpirationTime))}, {i(nameof(InboxState.ReceiveCount))}, {i(nameof(InboxState.Received))},
                {i(nameof(InboxState.Consumed))}, {i(nameof(InboxState.Delivered))})
            VALUES ($1, $2, $3, $4, 1, clock_timestamp(), clock_timestamp(), clock_timestamp())
            ON CONFLICT ({i(nameof(InboxState.MessageId))}, {i(nameof(InboxState.ConsumerId))}) DO NOTHING
            """;

        CleanUpInbox = $"""
            DELETE FROM {inbox} WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM {inbox} WHERE {i(nameof(InboxState.Delivered))} < now() - $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
            """;
    }

    public string LockClaims { get; }
    public string Claim { get; }
    public string Peek { get; }
    public string Measure { get; }
    public string Channel { get; }
    public string Delete { get; }
    public string Release { get; }
    public string Renew { get; }
    public string Fail { get; }
    public string InsertInbox { get; }
    public string CleanUpInbox { get; }

    /// <summary>What a claim returns, in the order in which the store reads it.</summary>
    private static readonly string[] Columns =
    [
        nameof(OutboxMessage.SequenceNumber), nameof(OutboxMessage.MessageId), nameof(OutboxMessage.SentTime), nameof(OutboxMessage.Headers),
        nameof(OutboxMessage.Properties), nameof(OutboxMessage.ContentType), nameof(OutboxMessage.MessageType), nameof(OutboxMessage.Body),
        nameof(OutboxMessage.ConversationId), nameof(OutboxMessage.CorrelationId), nameof(OutboxMessage.InitiatorId),
        nameof(OutboxMessage.RequestId), nameof(OutboxMessage.SourceAddress), nameof(OutboxMessage.DestinationAddress),
        nameof(OutboxMessage.ResponseAddress), nameof(OutboxMessage.FaultAddress), nameof(OutboxMessage.ExpirationTime),
        nameof(OutboxMessage.OrderingKey), nameof(OutboxMessage.Attempts)
    ];

    private static (string Table, Func<string, string> Column) Names<TEntity>(IModel model, ISqlGenerationHelper names)
    {
        var entity = model.FindEntityType(typeof(TEntity)) ?? throw new InvalidOperationException(
            $"The model has no {typeof(TEntity).Name}: call modelBuilder.AddTransactionalOutboxEntities() in OnModelCreating.");
        var table = StoreObjectIdentifier.Create(entity, StoreObjectType.Table)!.Value;

        return (names.DelimitIdentifier(table.Name, table.Schema),
            property => names.DelimitIdentifier(entity.FindProperty(property)!.GetColumnName(table)!));
    }
}
