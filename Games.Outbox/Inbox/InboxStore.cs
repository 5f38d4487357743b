using System.Data.Common;
using Games.Outbox.Database;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Games.Outbox.Inbox;

/// <summary>Records which messages a consumer has consumed, and forgets the old ones.</summary>
internal sealed class InboxStore<TDbContext>(OutboxDatabase<TDbContext> database, OutboxSettings<TDbContext> settings)
    where TDbContext : DbContext
{
    private readonly OutboxOptions _options = settings.Value;
    private InboxSql? _sql;

    /// <inheritdoc cref="OutboxDatabase{TDbContext}.WhatIsMissing" />
    public string? WhatIsMissing(Exception failure) => database.WhatIsMissing(failure);

    /// <summary>Records that a consumer takes a message: 1, or 0 if it already has.</summary>
    public async Task<int> InsertAsync(
        TDbContext context, DbTransaction transaction, Guid messageId, Guid consumerId, DateTime? expires, CancellationToken ct)
    {
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        await using var command = database.Command(connection, SqlFor(database.TableOf(context)).Insert, Sql.Value(messageId), Sql.Value(consumerId),
            Sql.Value(database.Owner), Sql.Nullable(expires, NpgsqlDbType.TimestampTz));
        command.Transaction = (NpgsqlTransaction)transaction;

        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Records that a consumer takes these messages; those that it has not taken before.</summary>
    public async Task<HashSet<Guid>> InsertAsync(
        TDbContext context, DbTransaction transaction, IReadOnlyList<SharedDelivery> deliveries, CancellationToken ct)
    {
        // In one order everywhere, so that two transactions with the same messages wait for each other and do not deadlock.
        var ordered = deliveries.OrderBy(x => x.MessageId).ToArray();
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        await using var command = database.Command(connection, SqlFor(database.TableOf(context)).InsertMany,
            Sql.Value(ordered.Select(x => x.MessageId).ToArray()), Sql.Value(deliveries[0].ConsumerId), Sql.Value(database.Owner),
            Sql.Value(ordered.Select(x => x.Expires).ToArray()));
        command.Transaction = (NpgsqlTransaction)transaction;
        var isNew = new HashSet<Guid>();

        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            isNew.Add(reader.GetGuid(0));

        return isNew;
    }

    /// <summary>Deletes rows that are older than the window, as many as one statement may; how many.</summary>
    public Task<int> CleanUpAsync(CancellationToken ct) =>
        database.WriteAsync(table => SqlFor(table).CleanUp, ct, Sql.Value(_options.DuplicateDetectionWindow), Sql.Value(_options.CleanUpLimit));

    private InboxSql SqlFor(OutboxTable table) => _sql ??= new(table);

    private sealed class InboxSql
    {
        public InboxSql(OutboxTable t)
        {
            var (inbox, i) = t.Inbox;
            var columns = $"""
                {i(nameof(InboxState.MessageId))}, {i(nameof(InboxState.ConsumerId))}, {i(nameof(InboxState.LockId))},
                    {i(nameof(InboxState.ExpirationTime))}, {i(nameof(InboxState.ReceiveCount))}, {i(nameof(InboxState.Received))},
                    {i(nameof(InboxState.Consumed))}, {i(nameof(InboxState.Delivered))}
                """;
            var key = $"{i(nameof(InboxState.MessageId))}, {i(nameof(InboxState.ConsumerId))}";

            Insert = $"""
                INSERT INTO {inbox} ({columns})
                VALUES ($1, $2, $3, $4, 1, clock_timestamp(), clock_timestamp(), clock_timestamp())
                ON CONFLICT ({key}) DO NOTHING
                """;
            InsertMany = $"""
                INSERT INTO {inbox} ({columns})
                SELECT m.id, $2, $3, m.expires, 1, clock_timestamp(), clock_timestamp(), clock_timestamp() FROM unnest($1, $4) m(id, expires)
                ON CONFLICT ({key}) DO NOTHING
                RETURNING {i(nameof(InboxState.MessageId))}
                """;
            CleanUp = $"""
                DELETE FROM {inbox} WHERE ctid = ANY(ARRAY(
                    SELECT ctid FROM {inbox} WHERE {i(nameof(InboxState.Delivered))} < now() - $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
                """;
        }

        public string Insert { get; }
        public string InsertMany { get; }
        public string CleanUp { get; }
    }
}
