using Games.Outbox.Relay;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Games.Outbox.Inspection;

/// <summary>
/// The statements of the inspection. Each reads along one of the relay's two indexes (IX_OutboxMessage_Ready, IX_OutboxMessage_Later) and
/// stops at its limit, so that none scans the table however many rows wait.
/// </summary>
internal sealed class InspectionSql
{
    public InspectionSql(IModel model, ISqlGenerationHelper names)
    {
        var (outbox, o) = OutboxSql.Names<OutboxMessage>(model, names);
        var (state, s) = OutboxSql.Names<OutboxState>(model, names);

        var sequence = o(nameof(OutboxMessage.SequenceNumber));
        var owner = o(nameof(OutboxMessage.LockId));
        var until = o(nameof(OutboxMessage.LockedUntil));
        var created = o(nameof(OutboxMessage.Created));
        var enqueue = o(nameof(OutboxMessage.EnqueueTime));
        var next = o(nameof(OutboxMessage.NextAttempt));
        var attempts = o(nameof(OutboxMessage.Attempts));
        var error = o(nameof(OutboxMessage.LastError));
        var dead = o(nameof(OutboxMessage.Dead));
        var relayed = o(nameof(OutboxMessage.Relayed));

        // What a row waits for, in the one place that says it. Every row that is not kept after its relay is in exactly one of the first three.
        var isReady = $"{next} IS NULL";
        var isLaidAside = $"({next} < 'infinity' AND {relayed} IS NULL)";
        var isDead = $"({next} >= 'infinity' AND {relayed} IS NULL)";
        // Laid aside by its publisher, not by the relay. A returned message has counted no attempt, but it has an error.
        var wasTried = $"({attempts} > 0 OR {error} IS NOT NULL)";
        var isScheduled = $"({next} > now() AND NOT {wasTried})";
        string IsHeld(string lease) => $"({owner} IS NOT NULL AND COALESCE({until}, {created} + {lease}) >= clock_timestamp())";

        // A message with a delay is not late before its time.
        var since = $"GREATEST({created}, {enqueue})";

        Summary = $"""
            SELECT ready.n, ready.held, later.n, later.held, later.scheduled, dead.n,
                EXTRACT(EPOCH FROM clock_timestamp() - LEAST(ready.oldest, later.oldest))::float8, p.{s(nameof(OutboxState.Created))}, p.{s(nameof(OutboxState.LockId))}
            FROM (SELECT count(*) n, count(*) FILTER (WHERE {IsHeld("$1")}) held, min({since}) oldest
                  FROM (SELECT * FROM {outbox} WHERE {isReady} ORDER BY {sequence} LIMIT $2) x) ready
            CROSS JOIN (SELECT count(*) n, count(*) FILTER (WHERE {IsHeld("$1")}) held, min({since}) FILTER (WHERE NOT {isScheduled}) oldest,
                      count(*) FILTER (WHERE {isScheduled}) scheduled
                  FROM (SELECT * FROM {outbox} WHERE {isLaidAside} ORDER BY {next} LIMIT $2) x) later
            CROSS JOIN (SELECT count(*) n FROM (SELECT 1 FROM {outbox} WHERE {isDead} ORDER BY {next} LIMIT $2) x) dead
            LEFT JOIN {state} p ON p.{s(nameof(OutboxState.OutboxId))} = '{PauseRow.Id}'
            """;

        var columns = string.Join(", ", new[]
        {
            nameof(OutboxMessage.SequenceNumber), nameof(OutboxMessage.MessageId), nameof(OutboxMessage.MessageType),
            nameof(OutboxMessage.DestinationAddress), nameof(OutboxMessage.Created), nameof(OutboxMessage.SentTime), nameof(OutboxMessage.Attempts),
            nameof(OutboxMessage.NextAttempt), nameof(OutboxMessage.Dead), nameof(OutboxMessage.LastError), nameof(OutboxMessage.OrderingKey)
        }.Select(o)) + $", {IsHeld("$1")}";

        // Those laid aside are ordered by their time and then their number, the dead too: their times are equal, and with the number alone
        // the planner may walk the primary key past millions of other rows to find them. So a page of the dead costs what all dead cost,
        // whatever else waits.
        string Later(string which) => $"SELECT {columns} FROM {outbox} WHERE {which} AND ({next}, {sequence}) > ($3, $4) ORDER BY {next}, {sequence} LIMIT $2";

        ReadyPage = $"SELECT {columns} FROM {outbox} WHERE {isReady} AND {sequence} > $3 ORDER BY {sequence} LIMIT $2";
        RetryingPage = Later($"{isLaidAside} AND NOT {isScheduled}");
        ScheduledPage = Later($"{isLaidAside} AND {isScheduled}");
        DeadPage = Later(isDead);

        Content = $"""
            SELECT {columns}, {o(nameof(OutboxMessage.ContentType))}, {o(nameof(OutboxMessage.Headers))}, {o(nameof(OutboxMessage.Properties))},
                {o(nameof(OutboxMessage.Body))}
            FROM {outbox} WHERE {sequence} = $2
            """;

        var free = $"{attempts} = 0, {next} = NULL, {dead} = NULL";
        Retry = $"UPDATE {outbox} SET {free} WHERE {sequence} = $2 AND {next} IS NOT NULL AND {relayed} IS NULL AND {wasTried} AND NOT {IsHeld("$1")}";
        // Those that die again meanwhile are left: it would never end.
        RetryDead = $"""
            UPDATE {outbox} SET {free} WHERE {sequence} = ANY(ARRAY(
                SELECT {sequence} FROM {outbox} WHERE {isDead} AND {dead} <= $1 ORDER BY {next} LIMIT $2 FOR UPDATE SKIP LOCKED))
            """;
        Discard = $"""
            DELETE FROM {outbox} WHERE {sequence} = $2 AND {relayed} IS NULL AND NOT {IsHeld("$1")}
            RETURNING {o(nameof(OutboxMessage.MessageId))}, {o(nameof(OutboxMessage.MessageType))}
            """;

        Pause = $"""
            INSERT INTO {state} ({s(nameof(OutboxState.OutboxId))}, {s(nameof(OutboxState.LockId))}, {s(nameof(OutboxState.Created))})
            VALUES ('{PauseRow.Id}', $1, clock_timestamp()) ON CONFLICT ({s(nameof(OutboxState.OutboxId))}) DO NOTHING
            """;
        Notify = $"SELECT pg_notify(({OutboxSql.ChannelOf(outbox)}), '')";
        Resume = $"DELETE FROM {state} WHERE {s(nameof(OutboxState.OutboxId))} = '{PauseRow.Id}'";
    }

    public string Summary { get; }
    public string ReadyPage { get; }
    public string RetryingPage { get; }
    public string ScheduledPage { get; }
    public string DeadPage { get; }
    public string Content { get; }
    public string Retry { get; }
    public string RetryDead { get; }
    public string Discard { get; }
    public string Pause { get; }
    public string Resume { get; }

    /// <summary>Has every relay look at the table.</summary>
    public string Notify { get; }
}
