using Games.Outbox.Database;
using Games.Outbox.Relay;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Outbox.Inspection;

/// <summary>
/// Lets a person act on what <see cref="OutboxInspection{TDbContext}" /> shows: retry or discard messages, pause and resume relaying. Needs the
/// database only, and is registered like that. All calls throw what Npgsql throws when the database is away.
/// </summary>
public sealed partial class OutboxControl<TDbContext>
    where TDbContext : DbContext
{
    private const int RetryLimit = 1_000;

    private readonly OutboxDatabase<TDbContext> _database;
    private readonly OutboxOptions _options;
    private readonly OutboxRelay<TDbContext>? _relay;
    private readonly ILogger _logger;
    private ControlSql? _sql;

    internal OutboxControl(
        OutboxDatabase<TDbContext> database, OutboxSettings<TDbContext> settings, ILogger<OutboxControl<TDbContext>> logger,
        OutboxRelay<TDbContext>? relay)
    {
        _database = database;
        _options = settings.Value;
        _relay = relay;
        _logger = logger;
    }

    /// <summary>
    /// Lets a dead message, or one that waits for its next attempt, be tried at once, with no attempts counted; its last error stays to be
    /// read. Relays are notified; one that does not listen finds it at its next look at the table. False if there is no such
    /// row, if it is scheduled, may leave at once already, or is leased by a relay.
    /// </summary>
    public async Task<bool> RetryAsync(long sequenceNumber, CancellationToken ct = default)
    {
        var found = await WriteAsync(sql => sql.Retry, ct, Sql.Value(_options.Lease), Sql.Value(sequenceNumber)) == 1;
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
        var now = await _database.ExecuteAsync(async (connection, _) =>
        {
            await using var command = _database.Command(connection, "SELECT clock_timestamp()");

            return (DateTime)(await command.ExecuteScalarAsync(ct))!;
        }, ct);
        var all = 0L;

        while (await WriteAsync(sql => sql.RetryDead, ct, Sql.Value(now), Sql.Value((long)RetryLimit)) is > 0 and var some)
        {
            all += some;
            await WakeAsync(ct);
        }

        LogRetriedDead(all);

        return all;
    }

    /// <summary>
    /// Deletes a message that nobody shall get, whatever it waits for; the log keeps its id. False if there is no such row, or it is leased by a
    /// relay.
    /// </summary>
    public async Task<bool> DiscardAsync(long sequenceNumber, CancellationToken ct = default)
    {
        var discarded = await _database.ExecuteAsync<(Guid Id, string Type)?>(async (connection, table) =>
        {
            await using var command = _database.Command(
                connection, SqlFor(table).Discard, Sql.Value(_options.Lease), Sql.Value(sequenceNumber));
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
    /// are still captured and wait in the table. Relays are notified and stop at once; one that does not listen, or has lost
    /// its connection, learns of it at its next look at the table, within <see cref="OutboxOptions.PollInterval" />. What a relay has begun to
    /// publish by then is published.
    /// </summary>
    /// <param name="by">Who pauses, for others to see; its first 16 bytes are kept.</param>
    /// <param name="ct">Ends the wait, perhaps after the row was written.</param>
    /// <returns>False if relaying was paused already: since and by stay what they were.</returns>
    public async Task<bool> PauseAsync(string by, CancellationToken ct = default)
    {
        var changed = await WriteAsync(sql => sql.Pause, ct, Sql.Value(PauseRow.Note(by))) == 1;
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
            // The change itself is written, and found without a notification.
            LogNotNotified(exception.Message);
        }
    }

    private Task<int> WriteAsync(Func<ControlSql, string> statement, CancellationToken ct, params NpgsqlParameter[] parameters) =>
        _database.WriteAsync(table => statement(SqlFor(table)), ct, parameters);

    private ControlSql SqlFor(OutboxTable table) => _sql ??= new(table);

    [LoggerMessage(LogLevel.Information, "Outbox: row {SequenceNumber} is retried by hand")]
    private partial void LogRetried(long sequenceNumber);

    [LoggerMessage(LogLevel.Information, "Outbox: {Count} dead message(s) are retried by hand")]
    private partial void LogRetriedDead(long count);

    [LoggerMessage(LogLevel.Warning, "Outbox: message {MessageId} (row {SequenceNumber}, {MessageType}) was discarded by hand, nobody gets it")]
    private partial void LogDiscarded(Guid messageId, long sequenceNumber, string messageType);

    [LoggerMessage(LogLevel.Warning, "Outbox: relaying was paused by {By}")]
    private partial void LogPaused(string by);

    [LoggerMessage(LogLevel.Warning, "Outbox: the relays could not be notified, they find out at their next look at the table: {Reason}")]
    private partial void LogNotNotified(string reason);

    [LoggerMessage(LogLevel.Information, "Outbox: relaying was resumed by hand")]
    private partial void LogResumed();
}
