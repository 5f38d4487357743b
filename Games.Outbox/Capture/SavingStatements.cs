using System.Data.Common;
using Games.Outbox.Database;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Capture;

/// <summary>The statements that come before the rows of a save, on the connection of its context.</summary>
internal sealed class SavingStatements<TDbContext>(OutboxDatabase<TDbContext> database, OutboxSettings<TDbContext> settings)
    where TDbContext : DbContext
{
    private string? _lockKeys;
    private string? _cancel;

    /// <summary>Waits for the locks of these ordering keys; the transaction under way keeps them to its end.</summary>
    public Task<long> LockKeysAsync(TDbContext context, DbTransaction? transaction, string[] keys, bool sync, CancellationToken ct) =>
        database.AskAsync<long>(context, transaction, _lockKeys ??= LockKeys(database.TableOf(context)), sync, ct, Sql.Value(keys));

    /// <summary>
    /// Whether a transaction is under way on an open connection: only there does a setting that is local to the transaction outlive its statement.
    /// No clock tells: under the extended protocol a statement alone begins later than its transaction, too.
    /// </summary>
    public async Task<bool> IsInTransactionAsync(TDbContext context, bool sync, CancellationToken ct)
    {
        await database.AskAsync<string>(context, null, "SELECT set_config('games_outbox.in_transaction', 'yes', true)", sync, ct);

        return await database.AskAsync<bool>(
            context, null, "SELECT COALESCE(current_setting('games_outbox.in_transaction', true), '') = 'yes'", sync, ct);
    }

    /// <summary>What time it is (UTC) by the database's clock.</summary>
    public Task<DateTime> AskTimeAsync(TDbContext context, bool sync, CancellationToken ct) =>
        database.AskAsync<DateTime>(context, null, "SELECT clock_timestamp()", sync, ct);

    /// <summary>Deletes scheduled messages that no relay has leased; how many.</summary>
    public async Task<int> CancelAsync(TDbContext context, DbTransaction? transaction, Guid[] tokens, bool sync, CancellationToken ct) =>
        (int)await database.AskAsync<long>(
            context, transaction, _cancel ??= Cancel(database.TableOf(context)), sync, ct, Sql.Value(tokens), Sql.Value(settings.Value.Lease));

    // One after the other in one order for all, so that two savers of the same keys cannot wait for each other.
    private static string LockKeys(OutboxTable t) => $"""
        SELECT count(*) FROM (SELECT pg_advisory_xact_lock(id) FROM (
            SELECT DISTINCT hashtextextended(key, {t.Oid}::bigint) AS id FROM unnest($1) key ORDER BY 1) ids OFFSET 0) locks
        """;

    private static string Cancel(OutboxTable t) => $"""
        WITH gone AS (
            DELETE FROM {t.Name} m
            WHERE {t.Column(nameof(OutboxMessage.SchedulingToken))} = ANY($1) AND {t.Relayed} IS NULL AND {t.IsFree("m", "$2")} RETURNING 1)
        SELECT count(*) FROM gone
        """;
}
