using Games.Outbox.Capture;
using Games.Outbox.Inspection;
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
        var paused = PauseRow.Exists(model, names);

        var sequence = o(nameof(OutboxMessage.SequenceNumber));
        var key = o(nameof(OutboxMessage.OrderingKey));
        var owner = o(nameof(OutboxMessage.LockId));
        var until = o(nameof(OutboxMessage.LockedUntil));
        var created = o(nameof(OutboxMessage.Created));
        var next = o(nameof(OutboxMessage.NextAttempt));
        var attempts = o(nameof(OutboxMessage.Attempts));
        var error = o(nameof(OutboxMessage.LastError));
        var dead = o(nameof(OutboxMessage.Dead));
        var relayed = o(nameof(OutboxMessage.Relayed));
        var enqueue = o(nameof(OutboxMessage.EnqueueTime));
        var table = Oid(outbox);

        // clock_timestamp(), not now(): the statement may have waited for the lock of the claims.
        string Free(string row, string lease) =>
            $"({row}.{owner} IS NULL OR COALESCE({row}.{until}, {row}.{created} + {lease}) < clock_timestamp())";

        // Claims go one after the other, each seeing what the one before has taken: without it two relays could take two rows of one
        // ordering key at the same moment. A claim lasts a few milliseconds and ends on the server, whatever becomes of its client.
        // It also tells whether relaying is paused, so that a relay needs no statement of its own to know.
        // Claims walk indexes in their order and stop early. Statistics of a queue are always old: with them the planner may read all rows of
        // a key anew for each row of it.
        LockClaims = $"""
            SELECT {paused}, pg_advisory_xact_lock(hashtext('games.outbox'), {table}::int), set_config('enable_seqscan', 'off', true),
                set_config('enable_bitmapscan', 'off', true), set_config('jit', 'off', true)
            """;

        // One after the other in one order for all, so that two savers of the same keys cannot wait for each other.
        LockKeys = $"""
            SELECT count(*) FROM (SELECT pg_advisory_xact_lock(id) FROM (
                SELECT DISTINCT hashtextextended(key, {table}::bigint) AS id FROM unnest($1) key ORDER BY 1) ids OFFSET 0) locks
            """;

        // Keys whose head is laid aside are looked up once: many may wait behind a dead one, and each claim passes them all. Up to a bound, for
        // it only saves time, and in an order that but one index has: without it a planner that takes the table for empty reads all keys.
        //
        // A row that was free when the statement began may be locked by its late holder, or renewed or laid aside meanwhile: it is skipped.
        // So at the end a row goes only with all before it.
        //
        // A row with a key waits for every earlier row of its key that this claim cannot take along: one in other hands, or laid aside.
        // The order within a transaction is a courtesy, so there a row laid aside holds up nobody. Nor does a message that is to leave later:
        // it joins the line of its key when it is due.
        string InLine(string row) =>
            $"{row}.{key} NOT LIKE '{OutboxSession.TransactionKeyPrefix}%' AND ({row}.{next} > now() AND {row}.{next} = {row}.{enqueue}) IS NOT TRUE";

        // An expiration is given as what is left of it in seconds: whose clock would read the time?
        string Returned(string column) => column is nameof(OutboxMessage.ExpirationTime)
            ? $"EXTRACT(EPOCH FROM t.{o(column)} - clock_timestamp())::float8" : $"t.{o(column)}";

        Claim = $"""
            WITH blocked AS MATERIALIZED (
                SELECT {key} FROM (
                    SELECT {key}, {sequence} FROM {outbox} l
                    WHERE {next} IS NOT NULL AND {relayed} IS NULL AND {InLine("l")} ORDER BY {next} DESC LIMIT 10000) b
                WHERE NOT EXISTS (
                    SELECT 1 FROM {outbox} e WHERE e.{key} = b.{key} AND e.{sequence} < b.{sequence} AND e.{relayed} IS NULL)),
            ready AS (
                SELECT {sequence}, {key} FROM {outbox} m
                WHERE NOT {paused} AND {next} IS NULL AND {Free("m", "$2")}
                  AND ({key} IS NULL OR {key} NOT IN (SELECT {key} FROM blocked) AND NOT EXISTS (
                      SELECT 1 FROM {outbox} e
                      WHERE e.{key} = m.{key} AND e.{sequence} < m.{sequence} AND e.{relayed} IS NULL
                        AND (e.{next} IS NOT NULL AND {InLine("e")} OR NOT {Free("e", "$2")})))
                ORDER BY {sequence} LIMIT $3 FOR UPDATE SKIP LOCKED),
            later AS (
                SELECT {sequence}, {key} FROM {outbox} m
                WHERE NOT {paused} AND {next} <= now() AND {relayed} IS NULL AND {Free("m", "$2")}
                  AND ({key} IS NULL OR NOT EXISTS (
                      SELECT 1 FROM {outbox} e
                      WHERE e.{key} = m.{key} AND e.{sequence} < m.{sequence} AND e.{relayed} IS NULL
                        AND ({InLine("e")} OR NOT {Free("e", "$2")})))
                ORDER BY {next} LIMIT $3 FOR UPDATE SKIP LOCKED),
            taken AS (SELECT * FROM ready UNION ALL SELECT * FROM later)
            UPDATE {outbox} t SET {owner} = $1, {until} = clock_timestamp() + $2
            FROM taken c
            WHERE t.{sequence} = c.{sequence}
              AND (c.{key} IS NULL OR NOT EXISTS (
                  SELECT 1 FROM {outbox} e
                  WHERE e.{key} = c.{key} AND e.{sequence} < c.{sequence} AND e.{relayed} IS NULL AND {InLine("e")}
                    AND e.{sequence} NOT IN (SELECT {sequence} FROM taken)))
            RETURNING {string.Join(", ", Columns.Select(Returned))},
                EXTRACT(EPOCH FROM clock_timestamp() - GREATEST(t.{created}, t.{enqueue}))::float8
            """;

        // Looks at a bounded head of each index: what stands there decides when the relay has to be up again.
        string Due(string after) => $"""
            SELECT {paused}, EXTRACT(EPOCH FROM min(due) - clock_timestamp())::float8 FROM (
                (SELECT CASE WHEN {owner} IS NULL THEN {created} ELSE COALESCE({until}, {created} + $1) END
                 FROM {outbox} WHERE {next} IS NULL ORDER BY {sequence} LIMIT 1000)
                UNION ALL
                (SELECT CASE WHEN {owner} IS NULL THEN {next} ELSE GREATEST({next}, {until}) END
                 FROM {outbox} WHERE {next} > {after} AND {next} < 'infinity' AND {relayed} IS NULL ORDER BY {next} LIMIT 1000)) rows (due)
            WHERE due > {after}
            """;

        Peek = Due("'-infinity'");
        PeekLater = Due("now()");

        // Each count walks its index and stops at the bound, by ORDER BY whatever the statistics say: 16 million rows cost as much as
        // 10,000. Beyond the bound stands what the last vacuum counted in the whole table.
        Measure = $"""
            SELECT CASE WHEN ready + later <= $1 THEN ready + later ELSE GREATEST(ready + later, rows - dead) END, dead, age
            FROM (SELECT
                (SELECT count(*) FROM (SELECT FROM {outbox} WHERE {next} IS NULL ORDER BY {sequence} LIMIT $1 + 1) r) AS ready,
                (SELECT count(*) FROM (SELECT FROM {outbox} WHERE {next} < 'infinity' AND {relayed} IS NULL ORDER BY {next} LIMIT $1 + 1) l) AS later,
                (SELECT count(*) FROM (SELECT FROM {outbox} WHERE {next} = 'infinity' AND {relayed} IS NULL ORDER BY {next} LIMIT $1) d) AS dead,
                (SELECT reltuples::bigint FROM pg_class WHERE oid = {table}) AS rows,
                EXTRACT(EPOCH FROM clock_timestamp() - LEAST(
                    (SELECT GREATEST({created}, {enqueue}) FROM {outbox} WHERE {next} IS NULL ORDER BY {sequence} LIMIT 1),
                    (SELECT min(GREATEST({created}, {enqueue}))
                     FROM (SELECT {created}, {enqueue} FROM {outbox}
                           WHERE {next} < 'infinity' AND {relayed} IS NULL ORDER BY {next} LIMIT $1) l)))::float8 AS age) m
            """;

        Channel = ChannelOf(outbox);

        Delete = $"DELETE FROM {outbox} WHERE {sequence} = ANY($1) AND {owner} = $2";
        Release = $"UPDATE {outbox} SET {owner} = NULL, {until} = NULL WHERE {sequence} = ANY($1) AND {owner} = $2";
        Renew = $"UPDATE {outbox} SET {until} = clock_timestamp() + $3 WHERE {sequence} = ANY($1) AND {owner} = $2 RETURNING {sequence}";
        Fail = $"""
            UPDATE {outbox} SET {attempts} = $5, {error} = $3, {owner} = NULL, {until} = NULL,
                {next} = COALESCE(clock_timestamp() + $4, 'infinity'), {dead} = CASE WHEN $4 IS NULL THEN clock_timestamp() END
            WHERE {sequence} = $1 AND {owner} = $2
            """;

        Cancel = $"""
            WITH gone AS (DELETE FROM {outbox} m WHERE {o(nameof(OutboxMessage.SchedulingToken))} = ANY($1) AND {relayed} IS NULL AND {Free("m", "$2")} RETURNING 1)
            SELECT count(*) FROM gone
            """;

        var inboxColumns = $"""
            {i(nameof(InboxState.MessageId))}, {i(nameof(InboxState.ConsumerId))}, {i(nameof(InboxState.LockId))},
                {i(nameof(InboxState.ExpirationTime))}, {i(nameof(InboxState.ReceiveCount))}, {i(nameof(InboxState.Received))},
                {i(nameof(InboxState.Consumed))}, {i(nameof(InboxState.Delivered))}
            """;
        var inboxKey = $"{i(nameof(InboxState.MessageId))}, {i(nameof(InboxState.ConsumerId))}";

        InsertInbox = $"""
            INSERT INTO {inbox} ({inboxColumns})
            VALUES ($1, $2, $3, $4, 1, clock_timestamp(), clock_timestamp(), clock_timestamp())
            ON CONFLICT ({inboxKey}) DO NOTHING
            """;

        InsertInboxes = $"""
            INSERT INTO {inbox} ({inboxColumns})
            SELECT m.id, $2, $3, m.expires, 1, clock_timestamp(), clock_timestamp(), clock_timestamp() FROM unnest($1, $4) m(id, expires)
            ON CONFLICT ({inboxKey}) DO NOTHING
            RETURNING {i(nameof(InboxState.MessageId))}
            """;

        CleanUpInbox = $"""
            DELETE FROM {inbox} WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM {inbox} WHERE {i(nameof(InboxState.Delivered))} < now() - $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
            """;
    }

    public string LockClaims { get; }
    public string LockKeys { get; }
    public string Claim { get; }
    public string Peek { get; }
    public string PeekLater { get; }
    public string Measure { get; }
    public string Channel { get; }
    public string Delete { get; }
    public string Release { get; }
    public string Renew { get; }
    public string Fail { get; }
    public string Cancel { get; }
    public string InsertInbox { get; }
    public string InsertInboxes { get; }
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

    /// <summary>
    /// A query for the channel of a table's notifications. By the table's full name, as the server knows it: whatever schema a model names or
    /// leaves to the search path, those who share the table share the channel, and no other application in the database does.
    /// </summary>
    public static string ChannelOf(string outbox) => $"""
        SELECT 'outbox_' || left(encode(sha256(convert_to(format('%I.%I', n.nspname, c.relname), 'UTF8')), 'hex'), 32)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = {Oid(outbox)}
        """;

    /// <summary>The table of an entity and its columns, as SQL writes them.</summary>
    public static (string Table, Func<string, string> Column) Names<TEntity>(IModel model, ISqlGenerationHelper names)
    {
        var entity = model.FindEntityType(typeof(TEntity)) ?? throw new InvalidOperationException(
            $"The model has no {typeof(TEntity).Name}: call modelBuilder.AddTransactionalOutboxEntities() in OnModelCreating.");
        var table = StoreObjectIdentifier.Create(entity, StoreObjectType.Table)!.Value;

        return (names.DelimitIdentifier(table.Name, table.Schema),
            property => names.DelimitIdentifier(entity.FindProperty(property)!.GetColumnName(table)!));
    }

    private static string Oid(string table) => $"'{table.Replace("'", "''")}'::regclass::oid";
}
