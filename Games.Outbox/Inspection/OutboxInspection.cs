using System.Text;
using System.Text.Json;
using Games.Outbox.Relay;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Games.Outbox.Inspection;

/// <summary>
/// Lets a person look into the outbox and decide: what waits and since when, why it does, try it again, throw it away, stop and go on.
/// Needs the database only, no broker. Registered with the outbox, or alone by
/// <see cref="OutboxInspectionExtensions.AddOutboxInspection{TDbContext}" />. All calls throw what Npgsql throws when the database is away.
/// </summary>
public sealed partial class OutboxInspection<TDbContext>
    where TDbContext : DbContext
{
    /// <summary>Counting stops here (rows): a glance at a backlog of millions must not cost a scan of it.</summary>
    public const int CountLimit = 100_000;

    private const int RetryLimit = 1_000;

    private readonly IServiceScopeFactory _scopes;
    private readonly OutboxOptions _options;
    private readonly OutboxRelay<TDbContext>? _relay;
    private readonly ILogger _logger;
    private InspectionSql? _sql;

    internal OutboxInspection(
        IServiceScopeFactory scopes, OutboxSettings<TDbContext> settings, ILogger<OutboxInspection<TDbContext>> logger, OutboxRelay<TDbContext>? relay)
    {
        _scopes = scopes;
        _options = settings.Value;
        _relay = relay;
        _logger = logger;
    }

    /// <summary>Counts, the oldest pending row, and whether relaying is paused. One statement, at most three times <see cref="CountLimit" /> rows.</summary>
    public Task<OutboxSummary> SummariseAsync(CancellationToken ct = default) => ExecuteAsync(async (connection, sql) =>
    {
        await using var command = Command(connection, sql.Summary, Value(_options.Lease), Value((long)CountLimit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);

        var (ready, later, scheduled, dead) = (reader.GetInt64(0), reader.GetInt64(2), reader.GetInt64(4), reader.GetInt64(5));
        return new OutboxSummary(
            new(ready + later - scheduled, ready == CountLimit || later == CountLimit),
            new(reader.GetInt64(1) + reader.GetInt64(3), ready == CountLimit || later == CountLimit),
            new(scheduled, later == CountLimit),
            new(dead, dead == CountLimit),
            reader.IsDBNull(6) ? null : Math.Max(0, reader.GetDouble(6)),
            Time(reader, 7) is { } since ? new(since, PauseRow.Read(reader.GetGuid(8))) : null);
    }, ct);

    /// <summary>
    /// One page. Pending: those that may leave at once by their number, then those laid aside after a refusal, the next one due first.
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
                await using var ready = Command(connection, sql.ReadyPage, Value(_options.Lease), Value(limit + 1L), Value(after?.SequenceNumber ?? 0));
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
                await using var later = Command(connection, page, Value(_options.Lease), Value(limit + 1L - rows.Count),
                    new NpgsqlParameter { Value = after?.NextAttempt ?? DateTime.MinValue, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                    Value(after?.SequenceNumber ?? 0));
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
                    rows.Add((ReadMessage(reader), new(Time(reader, 7), reader.GetInt64(0))));
            }
        }, ct);
    }

    /// <summary>One message with its body and headers; null if there is no such row (any more).</summary>
    public Task<InspectedMessageContent?> FindAsync(long sequenceNumber, CancellationToken ct = default) =>
        ExecuteAsync<InspectedMessageContent?>(async (connection, sql) =>
        {
            await using var command = Command(connection, sql.Content, Value(_options.Lease), Value(sequenceNumber));
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
                return null;

            var contentType = reader.GetString(12);
            var body = reader.GetString(15);
            var json = MediaType(contentType).EndsWith("json", StringComparison.Ordinal) ? Json(body) : null;

            return new(
                ReadMessage(reader), reader.GetString(2).Split(';'), contentType, Json(Text(reader, 13)), Json(Text(reader, 14)),
                json, json is null ? Bytes(contentType, body) : null);
        }, ct);

    /// <summary>
    /// Lets a dead message, or one that waits for its next attempt, be tried at once, as if it never had been; its last error stays to be
    /// read. Relays are told by a notification; one that does not listen finds it at its next look at the table. False if there is no such
    /// row, if it is scheduled, may leave at once already, or is in the hands of a relay.
    /// </summary>
    public async Task<bool> RetryAsync(long sequenceNumber, CancellationToken ct = default)
    {
        var found = await WriteAsync(sql => sql.Retry, ct, Value(_options.Lease), Value(sequenceNumber)) == 1;
        if (found)
        {
            LogRetried(sequenceNumber);
            await WakeAsync(ct);
        }

        return found;
    }

    /// <summary>
    /// <see cref="RetryAsync" /> for every message that is dead by now, a thousand rows a statement; how many. Cancelled, it leaves the rest dead.
    /// </summary>
    public async Task<long> RetryDeadAsync(CancellationToken ct = default)
    {
        var now = await ExecuteAsync(async (connection, _) =>
        {
            await using var command = Command(connection, "SELECT clock_timestamp()");

            return (DateTime)(await command.ExecuteScalarAsync(ct))!;
        }, ct);
        var all = 0L;

        while (await WriteAsync(sql => sql.RetryDead, ct, Value(now), Value((long)RetryLimit)) is > 0 and var some)
        {
            all += some;
            await WakeAsync(ct);
        }

        LogRetriedDead(all);

        return all;
    }

    /// <summary>
    /// Deletes a message that nobody shall get, whatever it waits for; the log keeps its id. False if there is no such row, or it is in the
    /// hands of a relay.
    /// </summary>
    public async Task<bool> DiscardAsync(long sequenceNumber, CancellationToken ct = default)
    {
        var discarded = await ExecuteAsync<(Guid Id, string Type)?>(async (connection, sql) =>
        {
            await using var command = Command(connection, sql.Discard, Value(_options.Lease), Value(sequenceNumber));
            await using var reader = await command.ExecuteReaderAsync(ct);

            return await reader.ReadAsync(ct) ? (reader.GetGuid(0), reader.GetString(1)) : null;
        }, ct);

        if (discarded is not { } message)
            return false;

        LogDiscarded(message.Id, sequenceNumber, message.Type);
        // It may have held back its ordering key.
        await WakeAsync(ct);

        return true;
    }

    /// <summary>
    /// Stops relaying in every process, until <see cref="ResumeAsync" />: across restarts, and for processes that start meanwhile. Messages
    /// are still captured and wait in the table. Relays are told by a notification and stop at once; one that does not listen, or has lost
    /// its connection, learns of it at its next look at the table, within <see cref="OutboxOptions.PollInterval" />. What a relay has begun to
    /// publish by then is published.
    /// </summary>
    /// <param name="by">Who pauses, for others to see; its first 16 bytes are kept.</param>
    /// <param name="ct">Ends the wait, perhaps after the row was written.</param>
    /// <returns>False if relaying was paused already: since and by stay what they were.</returns>
    public async Task<bool> PauseAsync(string by, CancellationToken ct = default)
    {
        var changed = await WriteAsync(sql => sql.Pause, ct, Value(PauseRow.Note(by))) == 1;
        if (changed)
            LogPaused(by);
        await WakeAsync(ct);

        return changed;
    }

    /// <summary>
    /// Lets all processes relay again, as quickly as <see cref="PauseAsync" /> stops them. False if relaying was not paused.
    /// </summary>
    public async Task<bool> ResumeAsync(CancellationToken ct = default)
    {
        var changed = await WriteAsync(sql => sql.Resume, ct) > 0;
        if (changed)
            LogResumed();
        await WakeAsync(ct);

        return changed;
    }

    /// <summary>Has the table looked at now: by this process's relay, if there is one, and by all that listen.</summary>
    private async Task WakeAsync(CancellationToken ct)
    {
        _relay?.RowsCommitted();

        if (!_options.Notifications)
            return;

        try
        {
            await WriteAsync(sql => sql.Notify, ct);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // What was to be told is written, and found without being told.
            LogNotTold(exception.Message);
        }
    }

    private Task<int> WriteAsync(Func<InspectionSql, string> statement, CancellationToken ct, params NpgsqlParameter[] parameters) =>
        ExecuteAsync(async (connection, sql) =>
        {
            await using var command = Command(connection, statement(sql), parameters);

            return await command.ExecuteNonQueryAsync(ct);
        }, ct);

    private async Task<T> ExecuteAsync<T>(Func<NpgsqlConnection, InspectionSql, Task<T>> action, CancellationToken ct)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();
        var sql = _sql ??= new(context.Model, context.GetService<ISqlGenerationHelper>());

        return await context.OnConnectionAsync(connection => action(connection, sql), ct);
    }

    private NpgsqlCommand Command(NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)_options.StatementTimeout.TotalSeconds };
        command.Parameters.AddRange(parameters);

        return command;
    }

    private static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    private static InspectedMessage ReadMessage(NpgsqlDataReader reader) => new(
        SequenceNumber: reader.GetInt64(0),
        MessageId: reader.GetGuid(1),
        MessageType: reader.GetString(2).Split(';')[0],
        Destination: Text(reader, 3),
        Created: reader.GetDateTime(4),
        Sent: reader.GetDateTime(5),
        Attempts: reader.GetInt32(6),
        NextAttempt: Time(reader, 7) is { } next && next < DateTime.MaxValue ? next : null,
        Dead: Time(reader, 8),
        IsHeld: reader.GetBoolean(11),
        LastError: Text(reader, 9),
        OrderingKey: Text(reader, 10));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    private static DateTime? Time(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDateTime(column);

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

    [LoggerMessage(LogLevel.Information, "Outbox: row {SequenceNumber} is retried by hand")]
    private partial void LogRetried(long sequenceNumber);

    [LoggerMessage(LogLevel.Information, "Outbox: {Count} dead message(s) are retried by hand")]
    private partial void LogRetriedDead(long count);

    [LoggerMessage(LogLevel.Warning, "Outbox: message {MessageId} (row {SequenceNumber}, {MessageType}) was discarded by hand, nobody gets it")]
    private partial void LogDiscarded(Guid messageId, long sequenceNumber, string messageType);

    [LoggerMessage(LogLevel.Warning, "Outbox: relaying was paused by {By}")]
    private partial void LogPaused(string by);

    [LoggerMessage(LogLevel.Warning, "Outbox: the relays could not be told, they find out at their next look at the table: {Reason}")]
    private partial void LogNotTold(string reason);

    [LoggerMessage(LogLevel.Information, "Outbox: relaying was resumed by hand")]
    private partial void LogResumed();
}
