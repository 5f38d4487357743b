using Games.Outbox.Capture;
using Games.Outbox.Database;
using MassTransit.EntityFrameworkCoreIntegration;

namespace Games.Outbox.Relay;

/// <summary>The relay's statements: what is claimed and when the next claim is due, and what becomes of claimed rows.</summary>
internal sealed class RelaySql
{
    public RelaySql(OutboxTable t)
    {
        var outbox = t.Name;
        var (sequence, key, owner, until, created) = (t.SequenceNumber, t.OrderingKey, t.LockId, t.LockedUntil, t.Created);
        var (next, attempts, error, dead, relayed, enqueue) = (t.NextAttempt, t.Attempts, t.LastError, t.Dead, t.Relayed, t.EnqueueTime);

        // Claims go one after the other, each seeing what the one before has taken: without it two relays could take two rows of one
        // ordering key at the same moment. A claim lasts a few milliseconds and ends on the server, whatever becomes of its client.
        // It also tells who has paused relaying, if anybody has, so that a relay needs no statement of its own to know.
        // Claims walk indexes in their order and stop early. Statistics of a queue are always old: with them the planner may read all rows of
        // a key anew for each row of it.
        const string ByIndex =
            "set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('jit', 'off', true)";
        LockClaims = $"SELECT {t.PausedBy}, pg_advisory_xact_lock(hashtext('games.outbox'), {t.Oid}::int), {ByIndex}";

        // Keys whose head waits for its next attempt are looked up once: many rows may wait behind a dead one, and each claim passes them all. Up
        // to a bound, for it only saves time, and in an order that but one index has: without it a planner that takes the table for empty reads
        // all keys.
        //
        // A row that was free when the statement began may be locked by a relay that is late, leased again or put off meanwhile: it is skipped. So
        // at the end a row goes only with all before it.
        //
        // Of what is found it takes as much as the bytes allow, by turns of both kinds, and one row always.
        //
        // A row that is to leave later and does not say so in its next attempt is one of the published package, whose table this was: it is put off.
        //
        // A row with a key waits for every earlier row of its key that this claim cannot take along: one leased to another, or put off.
        // The order within a transaction is a courtesy, so there a row that was put off holds up nobody. Nor does a message that is to leave later:
        // it joins the line of its key when it is due.
        string InLine(string row) =>
            $"{row}.{key} NOT LIKE '{OutboxSession.TransactionKeyPrefix}%' AND ({row}.{next} > now() AND {row}.{next} = {row}.{enqueue}) IS NOT TRUE";

        // Heads are dead, or put off for some minutes (MaxRetryDelay; a longer one is passed row by row). Between these lies what is scheduled, which
        // may be all that anybody plans for years.
        string Waiting(string when) => $"""
            (SELECT {key}, {sequence} FROM {outbox} l
             WHERE {next} {when} AND {relayed} IS NULL AND {InLine("l")} ORDER BY {next} DESC LIMIT 10000)
            """;

        // An expiration is given as what is left of it in seconds: whose clock would read the time? PostgreSQL cannot subtract from infinity.
        string Returned(string column) => column is nameof(OutboxMessage.ExpirationTime) ? Left($"t.{t.Column(column)}") : $"t.{t.Column(column)}";
        static string Left(string time) =>
            $"CASE WHEN NOT isfinite({time}) THEN 'Infinity' ELSE EXTRACT(EPOCH FROM {time} - clock_timestamp())::float8 END";

        // As they will lie in memory: octet_length is that of a text before its compression, and does not read it.
        var (body, headers) = (t.Column(nameof(OutboxMessage.Body)), t.Column(nameof(OutboxMessage.Headers)));
        string Size(string row) => $"octet_length({row}.{body}) + COALESCE(octet_length({row}.{headers}), 0)";

        Claim = $"""
            WITH blocked AS MATERIALIZED (
                SELECT {key} FROM ({Waiting(">= 'infinity'")} UNION ALL {Waiting("<= now() + interval '10 minutes'")}) b
                WHERE NOT EXISTS (
                    SELECT 1 FROM {outbox} e WHERE e.{key} = b.{key} AND e.{sequence} < b.{sequence} AND e.{relayed} IS NULL)),
            ready AS (
                SELECT {sequence}, {key}, {sequence}::float8 AS place, {enqueue} > now() IS TRUE AS early,
                    CASE WHEN {enqueue} > now() THEN 0 ELSE {Size("m")} END AS size FROM {outbox} m
                WHERE NOT {t.IsPaused} AND {next} IS NULL AND {t.IsFree("m", "$2")}
                  AND ({key} IS NULL OR {key} NOT IN (SELECT {key} FROM blocked) AND NOT EXISTS (
                      SELECT 1 FROM {outbox} e
                      WHERE e.{key} = m.{key} AND e.{sequence} < m.{sequence} AND e.{relayed} IS NULL
                        AND (e.{next} IS NOT NULL AND {InLine("e")} OR NOT {t.IsFree("e", "$2")})))
                ORDER BY {sequence} LIMIT $3 FOR UPDATE SKIP LOCKED),
            later AS (
                SELECT {sequence}, {key}, EXTRACT(EPOCH FROM {next})::float8 AS place, false AS early, {Size("m")} AS size FROM {outbox} m
                WHERE NOT {t.IsPaused} AND {next} <= now() AND {relayed} IS NULL AND {t.IsFree("m", "$2")}
                  AND ({key} IS NULL OR NOT EXISTS (
                      SELECT 1 FROM {outbox} e
                      WHERE e.{key} = m.{key} AND e.{sequence} < m.{sequence} AND e.{relayed} IS NULL
                        AND ({InLine("e")} OR NOT {t.IsFree("e", "$2")})))
                ORDER BY {next} LIMIT $3 FOR UPDATE SKIP LOCKED),
            found AS (
                SELECT *, row_number() OVER (ORDER BY place) AS turn FROM ready
                UNION ALL SELECT *, row_number() OVER (ORDER BY place) FROM later),
            taken AS (
                SELECT * FROM (SELECT *, sum(size) OVER (ORDER BY turn, {sequence}) AS total FROM found) f WHERE total <= $4 OR total = size)
            UPDATE {outbox} t SET
                {owner} = CASE WHEN NOT c.early THEN $1 END, {until} = CASE WHEN NOT c.early THEN clock_timestamp() + $2 END,
                {next} = CASE WHEN c.early THEN t.{enqueue} ELSE t.{next} END
            FROM taken c
            WHERE t.{sequence} = c.{sequence}
              AND (c.{key} IS NULL OR NOT EXISTS (
                  SELECT 1 FROM {outbox} e
                  WHERE e.{key} = c.{key} AND e.{sequence} < c.{sequence} AND e.{relayed} IS NULL AND {InLine("e")}
                    AND e.{sequence} NOT IN (SELECT {sequence} FROM taken)))
            RETURNING {string.Join(", ", Columns.Select(Returned))},
                EXTRACT(EPOCH FROM clock_timestamp() - {Sql.Finite($"GREATEST(t.{created}, t.{enqueue})")})::float8,
                c.early, c.early OR (SELECT count(*) FROM found) > (SELECT count(*) FROM taken),
                COALESCE(t.{error} LIKE '{PublishErrors.Returned}%', false)
            """;

        // Looks at a bounded head of each index: what stands there decides when the relay has to be up again. Of what is to leave later that is the
        // first row that is free, and those before it, which are leased. At times that are infinite nothing is due or everything, and from those
        // PostgreSQL does not subtract.
        string Due(string after) => $"""
            WITH free AS MATERIALIZED (
                SELECT {next} AS due FROM {outbox}
                WHERE {next} {after} AND {next} < 'infinity' AND {relayed} IS NULL AND {owner} IS NULL ORDER BY {next} LIMIT 1)
            SELECT {t.IsPaused}, EXTRACT(EPOCH FROM min(GREATEST(due, 'epoch')) - clock_timestamp())::float8 FROM (
                (SELECT CASE WHEN {owner} IS NULL THEN {created} ELSE COALESCE({until}, {created} + $1) END
                 FROM {outbox} WHERE {next} IS NULL ORDER BY {sequence} LIMIT 1000)
                UNION ALL SELECT due FROM free
                UNION ALL
                (SELECT GREATEST({next}, {until}) FROM {outbox}
                 WHERE {next} {after} AND {next} < COALESCE((SELECT due FROM free), 'infinity') AND {relayed} IS NULL
                 ORDER BY {next} LIMIT 1000)) rows (due)
            WHERE due {after} AND due < 'infinity'
            """;

        // A look is prepared, and keeps the plan of its first times: that for an empty table would read all that is scheduled by now.
        PlanPeek = $"SELECT {ByIndex}";
        Peek = Due(">= '-infinity'");
        PeekLater = Due("> now()");

        Delete = $"DELETE FROM {outbox} WHERE {sequence} = ANY($1) AND {owner} = $2";
        Release = $"UPDATE {outbox} SET {owner} = NULL, {until} = NULL WHERE {sequence} = ANY($1) AND {owner} = $2";
        Renew = $"UPDATE {outbox} SET {until} = clock_timestamp() + $3 WHERE {sequence} = ANY($1) AND {owner} = $2 RETURNING {sequence}";
        Fail = $"""
            UPDATE {outbox} SET {attempts} = $5, {error} = $3, {owner} = NULL, {until} = NULL,
                {next} = COALESCE(clock_timestamp() + $4, 'infinity'), {dead} = CASE WHEN $4 IS NULL THEN clock_timestamp() END
            WHERE {sequence} = $1 AND {owner} = $2
            """;

        // Not beyond its expiration: it is to be dropped then, and not to wait on.
        PutOff = $"""
            UPDATE {outbox} t SET {error} = x.error, {owner} = NULL, {until} = NULL,
                {next} = LEAST(clock_timestamp() + x.delay, t.{t.Column(nameof(OutboxMessage.ExpirationTime))})
            FROM unnest($1::bigint[], $3::text[], $4::interval[]) x (number, error, delay)
            WHERE t.{sequence} = x.number AND t.{owner} = $2
            """;
        // Those that are leased are being tried. They are new again: found by the index of the ready, in their order.
        ReleaseReturned = $"""
            UPDATE {outbox} SET {next} = NULL, {error} = NULL WHERE {sequence} = ANY(ARRAY(
                SELECT {sequence} FROM {outbox}
                WHERE {next} IS NOT NULL AND {next} < 'infinity' AND {relayed} IS NULL AND {owner} IS NULL
                  AND {error} LIKE '{PublishErrors.Returned}%' AND {t.Column(nameof(OutboxMessage.DestinationAddress))} = ANY($1)
                ORDER BY {next} LIMIT $2 FOR UPDATE SKIP LOCKED))
            """;
    }

    public string LockClaims { get; }
    public string Claim { get; }
    public string PlanPeek { get; }
    public string Peek { get; }
    public string PeekLater { get; }
    public string Delete { get; }
    public string Release { get; }
    public string Renew { get; }
    public string Fail { get; }
    public string PutOff { get; }
    public string ReleaseReturned { get; }

    /// <summary>What a claim returns, in the order in which the store reads it.</summary>
    private static readonly string[] Columns =
    [
        nameof(OutboxMessage.SequenceNumber), nameof(OutboxMessage.MessageId), nameof(OutboxMessage.Headers), nameof(OutboxMessage.Properties),
        nameof(OutboxMessage.ContentType), nameof(OutboxMessage.MessageType), nameof(OutboxMessage.Body),
        nameof(OutboxMessage.ConversationId), nameof(OutboxMessage.CorrelationId), nameof(OutboxMessage.InitiatorId),
        nameof(OutboxMessage.RequestId), nameof(OutboxMessage.SourceAddress), nameof(OutboxMessage.DestinationAddress),
        nameof(OutboxMessage.ResponseAddress), nameof(OutboxMessage.FaultAddress), nameof(OutboxMessage.ExpirationTime),
        nameof(OutboxMessage.OrderingKey), nameof(OutboxMessage.Attempts)
    ];
}
