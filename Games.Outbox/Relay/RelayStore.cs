using Games.Outbox.Database;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Games.Outbox.Relay;

/// <summary>Claims rows for the relay and writes what becomes of them. Time is the database's.</summary>
internal sealed class RelayStore<TDbContext>(OutboxDatabase<TDbContext> database, OutboxSettings<TDbContext> settings, TimeProvider time)
    where TDbContext : DbContext
{
    /// <summary>What pg_stat_activity shows behind the name of the service for the connection that listens.</summary>
    public const string ListenerPurpose = "outbox";

    private const double LongestRest = 24 * 60 * 60;

    private readonly OutboxOptions _options = settings.Value;
    private RelaySql? _sql;
    private string? _channel;
    private volatile string? _pausedBy;
    private volatile bool _hasMore;

    /// <summary>The value of LockId on every row that this process has leased.</summary>
    public Guid Owner => database.Owner;

    /// <summary>Whether relaying is paused, as the last claim has read it.</summary>
    public bool IsPaused => _pausedBy is not null;

    /// <summary>Who has paused it; null while it is not.</summary>
    public string? PausedBy => _pausedBy;

    /// <summary>Whether the last claim has left rows that it could have taken, because of their bytes or of rows that it has put off.</summary>
    public bool HasMore => _hasMore;

    /// <inheritdoc cref="OutboxDatabase{TDbContext}.WhatIsMissing" />
    public string? WhatIsMissing(Exception failure) => database.WhatIsMissing(failure);

    /// <summary>
    /// Leases up to <paramref name="limit" /> rows that are due and free, and as many again of those that were put off, as far as the option
    /// ByteLimit allows; in order of their sequence numbers.
    /// </summary>
    public Task<List<OutboxMessage>> ClaimAsync(int limit, CancellationToken ct) => database.ExecuteAsync(async (connection, table) =>
    {
        var sql = SqlFor(table);
        await using var batch = new NpgsqlBatch(connection)
        {
            Timeout = (int)_options.StatementTimeout.TotalSeconds,
            BatchCommands =
            {
                new(sql.LockClaims),
                new(sql.Claim)
                {
                    Parameters = { Sql.Value(Owner), Sql.Value(_options.Lease), Sql.Value(limit), Sql.Value((long)_options.ByteLimit) }
                }
            }
        };
        var leasedSince = time.GetTimestamp();
        var rows = new List<OutboxMessage>();

        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var pausedBy = reader.IsDBNull(0) ? null : PauseRow.Read(reader.GetGuid(0));
        await reader.NextResultAsync(ct);
        var hasMore = false;
        while (await reader.ReadAsync(ct))
        {
            if (!reader.GetBoolean(19))
                rows.Add(ReadRow(reader, leasedSince));
            hasMore |= reader.GetBoolean(20);
        }
        _hasMore = hasMore;

        // Resumed while this claim waited for its turn: what it took is to be published.
        _pausedBy = rows.Count == 0 ? pausedBy : null;

        rows.Sort((x, y) => x.SequenceNumber.CompareTo(y.SequenceNumber));

        return rows;
    }, ct);

    /// <summary>
    /// How long until a claim finds something: a row may be claimed, or relaying was paused or resumed. Negative or zero if it is now, null if
    /// there is nothing.
    /// </summary>
    public Task<TimeSpan?> PeekAsync(CancellationToken ct) => PeekAsync(sql => sql.Peek, ct);

    /// <summary>How long until the next row that may not be claimed yet may; null if there is none.</summary>
    public Task<TimeSpan?> PeekLaterAsync(CancellationToken ct) => PeekAsync(sql => sql.PeekLater, ct);

    /// <summary>
    /// <see cref="PeekAsync(CancellationToken)" /> over a connection of <see cref="OpenListenerAsync" />. One statement, whatever its plan: nobody
    /// waits for it, and it comes once in <see cref="OutboxOptions.KeepAliveInterval" />.
    /// </summary>
    public async Task<TimeSpan?> PeekAsync(NpgsqlConnection listener, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(_sql!.Peek, listener) { Parameters = { Sql.Value(_options.Lease) } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await ReadDueAsync(reader, ct);
    }

    /// <summary>Opens the connection for notifications.</summary>
    /// <param name="timeout">How long the opening may take, and each statement.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<NpgsqlConnection> OpenListenerAsync(TimeSpan timeout, CancellationToken ct)
    {
        var (connection, table) = await database.OpenDedicatedConnectionAsync(ListenerPurpose, timeout, ct);
        SqlFor(table);
        _channel = table.Channel;

        return connection;
    }

    /// <summary>The channel on which the relays of this table notify each other.</summary>
    public async Task<string> ReadChannelAsync(NpgsqlConnection listener, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(_channel, listener);

        try
        {
            return (string)(await command.ExecuteScalarAsync(ct))!;
        }
        catch (PostgresException exception) when (WhatIsMissing(exception) is { } missing)
        {
            // Without the failure as its cause: that is what would be told.
            throw new InvalidOperationException(missing);
        }
    }

    /// <summary>Deletes rows that the broker has confirmed, if they are still leased to us.</summary>
    public Task<int> DeleteAsync(long[] rows, CancellationToken ct) =>
        database.WriteAsync(table => SqlFor(table).Delete, ct, Sql.Value(rows), Sql.Value(Owner));

    /// <summary>Ends the lease of rows, if it is still ours.</summary>
    public Task<int> ReleaseAsync(long[] rows, CancellationToken ct) =>
        database.WriteAsync(table => SqlFor(table).Release, ct, Sql.Value(rows), Sql.Value(Owner));

    /// <summary>Leases rows for another time; those that were still leased to us.</summary>
    public Task<List<long>> RenewAsync(long[] rows, CancellationToken ct) => database.ExecuteAsync(async (connection, table) =>
    {
        await using var command = database.Command(
            connection, SqlFor(table).Renew, Sql.Value(rows), Sql.Value(Owner), Sql.Value(_options.Lease));
        var renewed = new List<long>();

        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            renewed.Add(reader.GetInt64(0));

        return renewed;
    }, ct);

    /// <summary>Has a row wait with its count of attempts, or makes it dead when <paramref name="delay" /> is null.</summary>
    public Task<int> FailAsync(long row, string error, int attempts, TimeSpan? delay, CancellationToken ct) =>
        database.WriteAsync(table => SqlFor(table).Fail, ct, Sql.Value(row), Sql.Value(Owner), Sql.Value(error),
            Sql.Nullable(delay, NpgsqlDbType.Interval), Sql.Value(attempts));

    /// <summary>Has rows wait without counting an attempt, each as long as is said.</summary>
    public Task<int> PutOffAsync(long[] rows, string[] errors, TimeSpan[] delays, CancellationToken ct) =>
        database.WriteAsync(table => SqlFor(table).PutOff, ct, Sql.Value(rows), Sql.Value(Owner), Sql.Value(errors), Sql.Value(delays));

    /// <summary>Ends the wait of up to <paramref name="limit" /> rows that were returned from these destinations; how many there were.</summary>
    public Task<int> ReleaseReturnedAsync(string[] destinations, int limit, CancellationToken ct) =>
        database.WriteAsync(table => SqlFor(table).ReleaseReturned, ct, Sql.Value(destinations), Sql.Value(limit));

    private RelaySql SqlFor(OutboxTable table) => _sql ??= new(table);

    private Task<TimeSpan?> PeekAsync(Func<RelaySql, string> look, CancellationToken ct) => database.ExecuteAsync(async (connection, table) =>
    {
        var sql = SqlFor(table);
        await using var batch = new NpgsqlBatch(connection)
        {
            Timeout = (int)_options.StatementTimeout.TotalSeconds,
            BatchCommands = { new(sql.PlanPeek), new(look(sql)) { Parameters = { Sql.Value(_options.Lease) } } }
        };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        return await ReadDueAsync(reader, ct);
    }, ct);

    private async Task<TimeSpan?> ReadDueAsync(NpgsqlDataReader reader, CancellationToken ct)
    {
        await reader.ReadAsync(ct);

        // Paused or resumed since the last claim: the next one, due now, finds out.
        if (reader.GetBoolean(0) != IsPaused)
            return TimeSpan.Zero;

        // Up to the next millisecond: a timer that ends before it would find nothing due. A far year is more than a TimeSpan holds.
        return reader.IsDBNull(1) ? null : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(reader.GetDouble(1), LongestRest) * 1000));
    }

    /// <summary>A row that cannot be read is one too, so that it alone is refused and not the claim that it is in.</summary>
    private OutboxMessage ReadRow(NpgsqlDataReader reader, long leasedSince)
    {
        try
        {
            return ReadMessage(reader, leasedSince);
        }
        catch (FormatException exception)
        {
            return new()
            {
                SequenceNumber = reader.GetInt64(0),
                MessageId = reader.GetGuid(1),
                MessageType = reader.GetString(5),
                OrderingKey = reader.Text(16),
                Attempts = reader.GetInt32(17),
                LeasedSince = leasedSince,
                Unreadable = exception.Message
            };
        }
    }

    private OutboxMessage ReadMessage(NpgsqlDataReader reader, long leasedSince) => new()
    {
        SequenceNumber = reader.GetInt64(0),
        MessageId = reader.GetGuid(1),
        Headers = reader.Text(2),
        Properties = reader.Text(3),
        ContentType = reader.GetString(4),
        MessageType = reader.GetString(5),
        BodyBytes = reader.GetFieldValue<byte[]>(6),
        ConversationId = reader.Id(7),
        CorrelationId = reader.Id(8),
        InitiatorId = reader.Id(9),
        RequestId = reader.Id(10),
        SourceAddress = reader.Address(11),
        DestinationAddress = reader.Address(12),
        ResponseAddress = reader.Address(13),
        FaultAddress = reader.Address(14),
        ExpirationTime = reader.IsDBNull(15) ? null : Expires(reader.GetDouble(15)),
        OrderingKey = reader.Text(16),
        Attempts = reader.GetInt32(17),
        WasReturned = reader.GetBoolean(21),
        LeasedSince = leasedSince,
        PublishableSince = reader.IsDBNull(18) ? null : leasedSince - (long)(reader.GetDouble(18) * time.TimestampFrequency)
    };

    /// <summary>By our clock, so that what is left of it is what the database's clock says.</summary>
    /// <exception cref="FormatException">A DateTime has no such time.</exception>
    private DateTime Expires(double left)
    {
        var now = time.GetUtcNow().UtcDateTime;

        return left > (DateTime.MinValue - now).TotalSeconds && left < (DateTime.MaxValue - now).TotalSeconds
            ? now.AddSeconds(left)
            : throw new FormatException($"{nameof(OutboxMessage.ExpirationTime)} is infinite, or no time between the years 1 and 9999.");
    }
}
