using Games.Outbox.Database;
using Games.Outbox.Relay;
using MassTransit.EntityFrameworkCoreIntegration;

namespace Games.Outbox.Inspection;

/// <summary>
/// The statements of the inspection. Each reads along one of the relay's two indexes (IX_OutboxMessage_Ready, IX_OutboxMessage_Later) and
/// stops at its limit, so that none scans the table however many rows wait.
/// </summary>
internal sealed class InspectionSql
{
    public InspectionSql(OutboxTable t)
    {
        var (outbox, sequence, next) = (t.Name, t.SequenceNumber, t.NextAttempt);
        var (state, s) = t.State;
        var row = new RowStates(t);
        var leased = row.IsLeased("$1");

        // A message with a delay is not late before its time.
        var since = Sql.Finite($"GREATEST({t.Created}, {t.EnqueueTime})");

        Summary = $"""
            SELECT ready.n, ready.leased, later.n, later.leased, later.scheduled, dead.n,
                EXTRACT(EPOCH FROM clock_timestamp() - LEAST(ready.oldest, later.oldest))::float8,
                p.{s(nameof(OutboxState.Created))}, p.{s(nameof(OutboxState.LockId))}
            FROM (SELECT count(*) n, count(*) FILTER (WHERE {leased}) leased, min({since}) oldest
                  FROM (SELECT * FROM {outbox} WHERE {row.IsReady} ORDER BY {sequence} LIMIT $2) x) ready
            CROSS JOIN (SELECT count(*) n, count(*) FILTER (WHERE {leased}) leased, min({since}) FILTER (WHERE NOT {row.IsScheduled}) oldest,
                      count(*) FILTER (WHERE {row.IsScheduled}) scheduled
                  FROM (SELECT * FROM {outbox} WHERE {row.IsWaiting} ORDER BY {next} LIMIT $2) x) later
            CROSS JOIN (SELECT count(*) n FROM (SELECT 1 FROM {outbox} WHERE {row.IsDead} ORDER BY {next} LIMIT $2) x) dead
            LEFT JOIN {state} p ON p.{s(nameof(OutboxState.OutboxId))} = '{PauseRow.Id}'
            """;

        var columns = string.Join(", ", new[]
        {
            nameof(OutboxMessage.SequenceNumber), nameof(OutboxMessage.MessageId), nameof(OutboxMessage.MessageType),
            nameof(OutboxMessage.DestinationAddress), nameof(OutboxMessage.Created), nameof(OutboxMessage.SentTime), nameof(OutboxMessage.Attempts),
            nameof(OutboxMessage.NextAttempt), nameof(OutboxMessage.Dead), nameof(OutboxMessage.LastError), nameof(OutboxMessage.OrderingKey)
        }.Select(t.Column)) + $", {leased}";

        // Waiting rows are ordered by their time and then their number, the dead too: their times are equal, and with the number alone
        // the planner may walk the primary key past millions of other rows to find them. So a page of the dead costs what all dead cost,
        // whatever else waits.
        string Later(string which) =>
            $"SELECT {columns} FROM {outbox} WHERE {which} AND ({next}, {sequence}) > ($3, $4) ORDER BY {next}, {sequence} LIMIT $2";

        ReadyPage = $"SELECT {columns} FROM {outbox} WHERE {row.IsReady} AND {sequence} > $3 ORDER BY {sequence} LIMIT $2";
        RetryingPage = Later($"{row.IsWaiting} AND NOT {row.IsScheduled}");
        ScheduledPage = Later($"{row.IsWaiting} AND {row.IsScheduled}");
        DeadPage = Later(row.IsDead);

        Content = $"""
            SELECT {columns}, {t.Column(nameof(OutboxMessage.ContentType))}, {t.Column(nameof(OutboxMessage.Headers))},
                {t.Column(nameof(OutboxMessage.Properties))}, {t.Column(nameof(OutboxMessage.Body))}
            FROM {outbox} WHERE {sequence} = $2
            """;

        var destination = t.Column(nameof(OutboxMessage.DestinationAddress));
        Unroutable = $"""
            SELECT DISTINCT {destination} FROM (
                SELECT {destination}, {t.LastError} FROM {outbox} WHERE {next} IS NOT NULL AND {row.IsWaiting} ORDER BY {next} LIMIT $1) x
            WHERE {t.LastError} LIKE '{PublishErrors.Returned}%'
            """;
    }

    public string Summary { get; }
    public string ReadyPage { get; }
    public string RetryingPage { get; }
    public string ScheduledPage { get; }
    public string DeadPage { get; }
    public string Content { get; }
    public string Unroutable { get; }
}
