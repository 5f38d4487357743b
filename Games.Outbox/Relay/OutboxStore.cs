using System.Data;
using System.Data.Common;
using Games.Outbox.Inbox;
using Games.Outbox.Monitoring;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace Games.Outbox.Relay;

/// <summary>Every statement of the relay. Each is one round trip and one implicit transaction; time is the database's.</summary>
internal sealed class OutboxStore<TDbContext>(IServiceScopeFactory scopes, OutboxSettings<TDbContext> settings, TimeProvider time)
    where TDbContext : DbContext
{
    /// <summary>How far <see cref="MeasureAsync" /> counts exactly, in rows.</summary>
    public const long MeasureLimit = 10_000;

    private readonly OutboxOptions _options = settings.Value;
    private OutboxSql? _sql;
    private volatile bool _isPaused;

    /// <summary>Who we are: the value of LockId on every row that this process holds.</summary>
    public Guid Owner { get; init; } = Guid.CreateVersion7();

    /// <summary>Whether relaying is paused, as the last claim has read it.</summary>
    public bool IsPaused => _isPaused;

    /// <summary>Takes up to <paramref name="limit" /> rows that are due and free, in order of their sequence numbers.</summary>
    public Task<List<OutboxMessage>> ClaimAsync(int limit, CancellationToken ct) => ExecuteAsync(async (connection, sql) =>
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            Timeout = (int)_options.StatementTimeout.TotalSeconds,
            BatchCommands =
            {
                new(sql.LockClaims),
                new(sql.Claim)
                {
                    Parameters = { Value(Owner), Value(_options.Lease), Value(limit) }
                }
            }
        };
        var heldSince = time.GetTimestamp();
        var rows = new List<OutboxMessage>();

        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var paused = reader.GetBoolean(0);
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct))
            rows.Add(ReadRow(reader, heldSince, time.TimestampFrequency));

        // Resumed while this claim waited for its turn: what it took is to be published.
        _isPaused = paused && rows.Count == 0;

        rows.Sort((x, y) => x.SequenceNumber.CompareTo(y.SequenceNumber));

        return rows;
    }, ct);

    /// <summary>How long until a claim is worth its while: a row may be claimed, or relaying was paused or resumed. Negative or zero if it is now, null if there is nothing.</summary>
    public Task<TimeSpan?> PeekAsync(CancellationToken ct) => ExecuteAsync((connection, sql) => PeekAsync(Command(connection, sql.Peek), ct), ct);

    /// <summary>How long until the next row that may not be claimed yet may; null if there is none.</summary>
    public Task<TimeSpan?> PeekLaterAsync(CancellationToken ct) => ExecuteAsync((connection, sql) => PeekAsync(Command(connection, sql.PeekLater), ct), ct);

    /// <summary>The same over a connection of <see cref="OpenOwnConnectionAsync" />.</summary>
    public Task<TimeSpan?> PeekAsync(NpgsqlConnection own, CancellationToken ct) => PeekAsync(new NpgsqlCommand(_sql!.Peek, own), ct);

    /// <summary>Opens a connection with the application's credentials, outside its pool.</summary>
    /// <param name="timeout">How long the opening may take, and each statement.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<NpgsqlConnection> OpenOwnConnectionAsync(TimeSpan timeout, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();
        _ = Sql(context);

        return await OwnConnection.OpenAsync(context, "outbox", timeout, ct);
    }

    /// <summary>The channel on which the relays of this table tell each other of rows.</summary>
    public async Task<string> ReadChannelAsync(NpgsqlConnection own, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(_sql!.Channel, own);

        return (string)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Counts what waits and what is dead, at a bounded cost, and says how old the oldest is.</summary>
    public Task<Backlog> MeasureAsync(CancellationToken ct) => ExecuteAsync(async (connection, sql) =>
    {
        await using var command = Command(connection, sql.Measure, Value(MeasureLimit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);

        return new Backlog(reader.GetInt64(0), reader.GetInt64(1), TimeSpan.FromSeconds(reader.IsDBNull(2) ? 0 : Math.Max(reader.GetDouble(2), 0)));
    }, ct);

    /// <summary>Deletes rows that the broker has confirmed, if they are still ours.</summary>
    public Task<int> DeleteAsync(long[] rows, CancellationToken ct) => WriteAsync(sql => sql.Delete, ct, Value(rows), Value(Owner));

    /// <summary>Gives rows back untouched, if they are still ours.</summary>
    public Task<int> ReleaseAsync(long[] rows, CancellationToken ct) => WriteAsync(sql => sql.Release, ct, Value(rows), Value(Owner));

    /// <summary>Holds rows for another lease; those that are still ours.</summary>
    public Task<List<long>> RenewAsync(long[] rows, CancellationToken ct) => ExecuteAsync(async (connection, sql) =>
    {
        await using var command = Command(connection, sql.Renew, Value(rows), Value(Owner), Value(_options.Lease));
        var renewed = new List<long>();

        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            renewed.Add(reader.GetInt64(0));

        return renewed;
    }, ct);

    /// <summary>Lays a row aside with its count of attempts, or buries it when <paramref name="delay" /> is null.</summary>
    public Task<int> FailAsync(long row, string error, int attempts, TimeSpan? delay, CancellationToken ct) =>
        WriteAsync(sql => sql.Fail, ct, Value(row), Value(Owner), Value(error),
            new NpgsqlParameter { Value = delay ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Interval }, Value(attempts));

    /// <summary>Deletes inbox rows older than the window.</summary>
    public Task<int> CleanUpInboxAsync(CancellationToken ct) =>
        WriteAsync(sql => sql.CleanUpInbox, ct, Value(_options.DuplicateDetectionWindow), Value(_options.CleanUpLimit));

    /// <summary>Notes that a consumer takes a message: 1, or 0 if it already has.</summary>
    public async Task<int> InsertInboxAsync(
        TDbContext context, DbTransaction transaction, Guid messageId, Guid consumerId, DateTime? expires, CancellationToken ct)
    {
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        await using var command = Command(connection, Sql(context).InsertInbox, Value(messageId), Value(consumerId), Value(Owner),
            new NpgsqlParameter { Value = expires ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Transaction = (NpgsqlTransaction)transaction;

        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Notes that a consumer takes these messages; those that it has not taken before.</summary>
    public async Task<HashSet<Guid>> InsertInboxAsync(
        TDbContext context, DbTransaction transaction, IReadOnlyList<Delivery> deliveries, CancellationToken ct)
    {
        // In one order everywhere, so that two transactions with the same messages wait for each other and do not deadlock.
        var ordered = deliveries.OrderBy(x => x.MessageId).ToArray();
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        await using var command = Command(connection, Sql(context).InsertInboxes, Value(ordered.Select(x => x.MessageId).ToArray()),
            Value(deliveries[0].ConsumerId), Value(Owner), Value(ordered.Select(x => x.Expires).ToArray()));
        command.Transaction = (NpgsqlTransaction)transaction;
        var isNew = new HashSet<Guid>();

        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            isNew.Add(reader.GetGuid(0));

        return isNew;
    }

    /// <summary>Waits for the locks of these ordering keys; the transaction under way holds them to its end.</summary>
    public Task<long> LockKeysAsync(TDbContext context, DbTransaction? transaction, string[] keys, bool sync, CancellationToken ct) =>
        InContextAsync<long>(context, transaction, Sql(context).LockKeys, sync, ct, Value(keys));

    /// <summary>Whether a transaction is under way on an open connection: one that began before this statement did.</summary>
    public Task<bool> IsInTransactionAsync(TDbContext context, bool sync, CancellationToken ct) =>
        InContextAsync<bool>(context, null, "SELECT now() < statement_timestamp()", sync, ct);

    /// <summary>What time it is (UTC) by the database's clock.</summary>
    public Task<DateTime> AskTimeAsync(TDbContext context, bool sync, CancellationToken ct) =>
        InContextAsync<DateTime>(context, null, "SELECT clock_timestamp()", sync, ct);

    /// <summary>Deletes scheduled messages that nobody is publishing; how many.</summary>
    public async Task<int> CancelAsync(TDbContext context, DbTransaction? transaction, Guid[] tokens, bool sync, CancellationToken ct) =>
        (int)await InContextAsync<long>(context, transaction, Sql(context).Cancel, sync, ct, Value(tokens), Value(_options.Lease));

    /// <summary>Asks on the connection of a context that is about to save, in its transaction if it has one.</summary>
    private Task<T> InContextAsync<T>(
        TDbContext context, DbTransaction? transaction, string sql, bool sync, CancellationToken ct, params NpgsqlParameter[] parameters) =>
        context.OnConnectionAsync(async connection =>
        {
            await using var command = Command(connection, sql, parameters);
            command.Transaction = (NpgsqlTransaction?)transaction;

            return (T)(sync ? command.ExecuteScalar() : await command.ExecuteScalarAsync(ct))!;
        }, ct, sync);

    private async Task<TimeSpan?> PeekAsync(NpgsqlCommand peek, CancellationToken ct)
    {
        await using var command = peek;
        command.Parameters.Add(Value(_options.Lease));
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);

        // Paused or resumed since the last claim: the next one, due now, finds out.
        if (reader.GetBoolean(0) != _isPaused)
            return TimeSpan.Zero;

        // Up to the next millisecond: a timer that ends before it would find nothing due.
        return reader.IsDBNull(1) ? null : TimeSpan.FromMilliseconds(Math.Ceiling(reader.GetDouble(1) * 1000));
    }

    private Task<int> WriteAsync(Func<OutboxSql, string> statement, CancellationToken ct, params NpgsqlParameter[] parameters) =>
        ExecuteAsync(async (connection, sql) =>
        {
            await using var command = Command(connection, statement(sql), parameters);

            return await command.ExecuteNonQueryAsync(ct);
        }, ct);

    private async Task<T> ExecuteAsync<T>(Func<NpgsqlConnection, OutboxSql, Task<T>> action, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TDbContext>();

        return await context.OnConnectionAsync(connection => action(connection, Sql(context)), ct);
    }

    // Kept here and not in a static: two applications in one process may have the tables in two schemas.
    private OutboxSql Sql(TDbContext context) => _sql ??= new OutboxSql(context.Model, context.GetService<ISqlGenerationHelper>());

    private NpgsqlCommand Command(NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)_options.StatementTimeout.TotalSeconds };
        command.Parameters.AddRange(parameters);

        return command;
    }

    private static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    private OutboxMessage ReadRow(NpgsqlDataReader reader, long heldSince, long frequency) => new()
    {
        SequenceNumber = reader.GetInt64(0),
        MessageId = reader.GetGuid(1),
        SentTime = reader.GetDateTime(2),
        Headers = Text(reader, 3),
        Properties = Text(reader, 4),
        ContentType = reader.GetString(5),
        MessageType = reader.GetString(6),
        BodyBytes = reader.GetFieldValue<byte[]>(7),
        ConversationId = Id(reader, 8),
        CorrelationId = Id(reader, 9),
        InitiatorId = Id(reader, 10),
        RequestId = Id(reader, 11),
        SourceAddress = Address(reader, 12),
        DestinationAddress = Address(reader, 13),
        ResponseAddress = Address(reader, 14),
        FaultAddress = Address(reader, 15),
        // By our clock, so that what is left of it is what the database's clock says.
        ExpirationTime = reader.IsDBNull(16) ? null : time.GetUtcNow().UtcDateTime.AddSeconds(reader.GetDouble(16)),
        OrderingKey = Text(reader, 17),
        Attempts = reader.GetInt32(18),
        HeldSince = heldSince,
        PublishableSince = heldSince - (long)(reader.GetDouble(19) * frequency)
    };

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    private static Guid? Id(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);
    private static Uri? Address(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : new(reader.GetString(column));
}
