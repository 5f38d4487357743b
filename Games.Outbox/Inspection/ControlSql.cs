using Games.Outbox.Database;
using MassTransit.EntityFrameworkCoreIntegration;

namespace Games.Outbox.Inspection;

/// <summary>The statements of <see cref="OutboxControl{TDbContext}" />.</summary>
internal sealed class ControlSql
{
    public ControlSql(OutboxTable t)
    {
        var (outbox, sequence, next, dead) = (t.Name, t.SequenceNumber, t.NextAttempt, t.Dead);
        var (state, s) = t.State;
        var row = new RowStates(t);
        var leased = row.IsLeased("$1");
        var anew = $"{t.Attempts} = 0, {next} = NULL, {dead} = NULL";

        Retry = $"""
            UPDATE {outbox} SET {anew}
            WHERE {sequence} = $2 AND {next} IS NOT NULL AND {t.Relayed} IS NULL AND {row.WasTried} AND NOT {leased}
            """;
        // Those that die again meanwhile are left: it would never end.
        RetryDead = $"""
            UPDATE {outbox} SET {anew} WHERE {sequence} = ANY(ARRAY(
                SELECT {sequence} FROM {outbox} WHERE {row.IsDead} AND {dead} <= $1 ORDER BY {next} LIMIT $2 FOR UPDATE SKIP LOCKED))
            """;
        Discard = $"""
            DELETE FROM {outbox} WHERE {sequence} = $2 AND {t.Relayed} IS NULL AND NOT {leased}
            RETURNING {t.Column(nameof(OutboxMessage.MessageId))}, {t.Column(nameof(OutboxMessage.MessageType))}
            """;

        Pause = $"""
            INSERT INTO {state} ({s(nameof(OutboxState.OutboxId))}, {s(nameof(OutboxState.LockId))}, {s(nameof(OutboxState.Created))})
            VALUES ('{PauseRow.Id}', $1, clock_timestamp()) ON CONFLICT ({s(nameof(OutboxState.OutboxId))}) DO NOTHING
            """;
        Resume = $"DELETE FROM {state} WHERE {s(nameof(OutboxState.OutboxId))} = '{PauseRow.Id}'";
        Notify = $"SELECT pg_notify(({t.Channel}), '')";
    }

    public string Retry { get; }
    public string RetryDead { get; }
    public string Discard { get; }
    public string Pause { get; }
    public string Resume { get; }

    /// <summary>Has every relay look at the table.</summary>
    public string Notify { get; }
}
