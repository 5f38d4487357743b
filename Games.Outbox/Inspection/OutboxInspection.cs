using System.Text;
using System.Text.Json;
using Games.Outbox.Database;
using Games.Outbox.Relay;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Games.Outbox.Inspection;

/// <summary>
/// Shows what waits in the outbox, since when and why. Needs the database only, no broker. Registered with the outbox, or alone by
/// <see cref="OutboxInspectionExtensions.AddOutboxInspection{TDbContext}" />. All calls throw what Npgsql throws when the database is away.
/// </summary>
public sealed class OutboxInspection<TDbContext>
    where TDbContext : DbContext
{
    /// <summary>Counting stops here (rows): a glance at a backlog of millions must not cost a scan of it.</summary>
    public const int CountLimit = 100_000;

    /// <summary>What pg_stat_activity shows behind the name of a service for the connection over which its relay is notified.</summary>
    public const string ListenerPurpose = RelayStore<TDbContext>.ListenerPurpose;

    private const int UnroutableLimit = 10_000;

    private readonly OutboxDatabase<TDbContext> _database;
    private readonly OutboxOptions _options;
    private InspectionSql? _sql;

    internal OutboxInspection(OutboxDatabase<TDbContext> database, OutboxSettings<TDbContext> settings) =>
        (_database, _options) = (database, settings.Value);

    /// <summary>
    /// Counts, the oldest pending row, and whether relaying is paused. One statement, at most three times <see cref="CountLimit" /> rows.
    /// </summary>
    public Task<OutboxSummary> SummariseAsync(CancellationToken ct = default) => ExecuteAsync(async (connection, sql) =>
    {
        await using var command = _database.Command(connection, sql.Summary, Sql.Value(_options.Lease), Sql.Value((long)CountLimit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);

        var (ready, later, scheduled, dead) = (reader.GetInt64(0), reader.GetInt64(2), reader.GetInt64(4), reader.GetInt64(5));
        return new OutboxSummary(
            new(ready + later - scheduled, ready == CountLimit || later == CountLimit),
            new(reader.GetInt64(1) + reader.GetInt64(3), ready == CountLimit || later == CountLimit),
            new(scheduled, later == CountLimit),
            new(dead, dead == CountLimit),
            reader.IsDBNull(6) ? null : Math.Max(0, reader.GetDouble(6)),
            reader.Time(7) is { } since ? new(since, PauseRow.Read(reader.GetGuid(8))) : null);
    }, ct);

    /// <summary>
    /// One page. Pending: those that may leave at once by their number, then those that wait after a refusal, the next one due first.
    /// Scheduled: the next one due first. Dead: by their number. The outbox moves while it is read: a row that changes its state between
    /// two pages may be missed or seen twice.
    /// </summary>
    /// <param name="state">Which rows.</param>
    /// <param name="limit">Rows a page, more than zero.</param>
    /// <param name="after">The page before's <see cref="InspectedPage.Next" />; null for the first page.</param>
    /// <param name="ct">Ends the reading.</param>
    public Task<InspectedPage> ListAsync(OutboxMessageState state, int limit, InspectionCursor? after = null, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);

        return ExecuteAsync(async (connection, sql) =>
        {
            var rows = new List<(InspectedMessage Message, InspectionCursor At)>();

            if (state is OutboxMessageState.Pending && after?.NextAttempt is null)
            {
                await using var ready = _database.Command(
                    connection, sql.ReadyPage, Sql.Value(_options.Lease), Sql.Value(limit + 1L), Sql.Value(after?.SequenceNumber ?? 0));
                await ReadAsync(ready);
                after = null;
            }

            if (rows.Count <= limit)
            {
                var page = state switch
                {
                    OutboxMessageState.Pending => sql.RetryingPage,
                    OutboxMessageState.Scheduled => sql.ScheduledPage,
                    OutboxMessageState.Dead => sql.DeadPage,
                    _ => throw new ArgumentOutOfRangeException(nameof(state))
                };
                await using var later = _database.Command(connection, page, Sql.Value(_options.Lease), Sql.Value(limit + 1L - rows.Count),
                    new NpgsqlParameter { Value = after?.NextAttempt ?? DateTime.MinValue, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                    Sql.Value(after?.SequenceNumber ?? 0));
                await ReadAsync(later);
            }

            // One more than asked for tells whether there is a next page.
            return rows.Count > limit
                ? new InspectedPage([.. rows.Take(limit).Select(x => x.Message)], rows[limit - 1].At)
                : new([.. rows.Select(x => x.Message)], null);

            async Task ReadAsync(NpgsqlCommand command)
            {
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                    rows.Add((ReadMessage(reader), new(reader.Time(7), reader.GetInt64(0))));
            }
        }, ct);
    }

    /// <summary>One message with its body and headers; null if there is no such row (any more).</summary>
    public Task<InspectedMessageContent?> FindAsync(long sequenceNumber, CancellationToken ct = default) =>
        ExecuteAsync<InspectedMessageContent?>(async (connection, sql) =>
        {
            await using var command = _database.Command(connection, sql.Content, Sql.Value(_options.Lease), Sql.Value(sequenceNumber));
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
                return null;

            var contentType = reader.GetString(12);
            var body = reader.GetString(15);
            var json = MediaType(contentType).EndsWith("json", StringComparison.Ordinal) ? Json(body) : null;

            return new(
                ReadMessage(reader), reader.GetString(2).Split(';'), contentType, Json(reader.Text(13)), Json(reader.Text(14)),
                json, json is null ? Bytes(contentType, body) : null);
        }, ct);

    /// <summary>
    /// The addresses to which messages wait because the broker has returned them: no queue gets what is sent there. Looks at the 10,000 rows that
    /// are due next.
    /// </summary>
    public Task<IReadOnlyList<Uri>> ListUnroutableAsync(CancellationToken ct = default) => ExecuteAsync<IReadOnlyList<Uri>>(async (connection, sql) =>
    {
        await using var command = _database.Command(connection, sql.Unroutable, Sql.Value((long)UnroutableLimit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var addresses = new List<Uri>();
        while (await reader.ReadAsync(ct))
        {
            if (reader.Address(0) is { } address)
                addresses.Add(address);
        }

        return addresses;
    }, ct);

    private Task<T> ExecuteAsync<T>(Func<NpgsqlConnection, InspectionSql, Task<T>> action, CancellationToken ct) =>
        _database.ExecuteAsync((connection, table) => action(connection, _sql ??= new(table)), ct);

    private static InspectedMessage ReadMessage(NpgsqlDataReader reader) => new(
        SequenceNumber: reader.GetInt64(0),
        MessageId: reader.GetGuid(1),
        MessageType: reader.GetString(2).Split(';')[0],
        Destination: reader.Text(3),
        Created: reader.Time(4)!.Value,
        Sent: reader.Time(5)!.Value,
        Attempts: reader.GetInt32(6),
        NextAttempt: reader.Time(7) is { } next && next < DateTime.MaxValue ? next : null,
        Dead: reader.Time(8),
        IsLeased: reader.GetBoolean(11),
        LastError: reader.Text(9),
        OrderingKey: reader.Text(10));

    private static string MediaType(string contentType) => contentType.Split(';')[0].Trim();

    private static JsonElement? Json(string? text)
    {
        try
        {
            return text is null ? null : JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // A binary serializer made text of its body by base64; what is no base64 is text.
    private static byte[] Bytes(string contentType, string body)
    {
        var bytes = new byte[body.Length];

        return !StoredMessagePipe.IsText(MediaType(contentType)) && Convert.TryFromBase64String(body, bytes, out var length)
            ? bytes[..length]
            : Encoding.UTF8.GetBytes(body);
    }
}
