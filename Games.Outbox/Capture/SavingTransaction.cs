using System.Data;
using System.Data.Common;
using System.Transactions;
using Games.Outbox.Relay;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Games.Outbox.Capture;

/// <summary>
/// What the transaction that saves has to do before its rows are inserted: lock their ordering keys. The lock lasts until the commit, so
/// rows of one key get their numbers in the order in which they are committed, and nobody sees the later one first. A save whose rows
/// have no key of the application's does nothing of this.
/// </summary>
internal sealed class SavingTransaction<TDbContext>(OutboxStore<TDbContext> store)
    where TDbContext : DbContext
{
    /// <summary>Takes the locks if a transaction is under way; otherwise sees to it that EF Core begins one, which then takes them.</summary>
    public async Task PrepareAsync(TDbContext context, OutboxSession session, string[] keys, bool sync, CancellationToken ct)
    {
        var database = context.Database;

        // The transaction of an open connection need not be EF Core's.
        if (!SavingTransaction.StandsAlone(context) || database.GetDbConnection().State is not ConnectionState.Closed)
        {
            if (await LockAsync(context, session, database.CurrentTransaction?.GetDbTransaction(), keys, sync, ct))
                return;
        }

        session.KeysToLock = keys;
        session.UsualTransactions = database.AutoTransactionBehavior;
        database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
    }

    /// <summary>Takes the locks first thing in the transaction that EF Core has begun for a save.</summary>
    public async Task BeginAsync(
        TDbContext context, OutboxSession session, DbTransaction transaction, string[] keys, bool sync, CancellationToken ct)
    {
        try
        {
            await LockAsync(context, session, transaction, keys, sync, ct);
        }
        catch
        {
            // EF Core does not know of it yet.
            await transaction.DisposeAsync();
            throw;
        }
    }

    private async Task<bool> LockAsync(
        TDbContext context, OutboxSession session, DbTransaction? transaction, string[] keys, bool sync, CancellationToken ct)
    {
        try
        {
            return await store.LockKeysAsync(context, transaction, keys, sync, ct);
        }
        catch
        {
            session.SaveFailed = session.CommandFailed = true;
            throw;
        }
    }
}

internal static class SavingTransaction
{
    /// <summary>Whether no transaction is under way that EF Core knows of.</summary>
    public static bool StandsAlone(DbContext context) =>
        context.Database.CurrentTransaction is null && context.Database.GetEnlistedTransaction() is null && Transaction.Current is null;

    /// <summary>Leaves the context as it was before the save.</summary>
    public static void End(DbContext context, OutboxSession session)
    {
        if (session.UsualTransactions is not { } usual)
            return;

        context.Database.AutoTransactionBehavior = usual;
        session.UsualTransactions = null;
        session.KeysToLock = null;
    }
}
