using System.Data;
using System.Data.Common;
using System.Runtime.ExceptionServices;
using System.Transactions;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Capture;

/// <summary>What a save has to ask of the database besides its rows. Most have nothing of it.</summary>
/// <param name="Keys">Ordering keys to lock.</param>
/// <param name="Delayed">Rows whose delay has to become a time.</param>
/// <param name="Cancelled">Tokens of scheduled messages to delete.</param>
internal sealed record SavingWork(string[] Keys, OutboxMessage[] Delayed, Guid[] Cancelled)
{
    public bool IsNone => Keys.Length + Delayed.Length + Cancelled.Length == 0;

    /// <summary>Whether it belongs into the transaction that saves.</summary>
    public bool IsOfTransaction => Keys.Length + Cancelled.Length > 0;
}

/// <summary>
/// What comes before the rows of a save are inserted, in its own transaction. Ordering keys are locked until the commit, so rows of one key
/// get their numbers in the order in which they are committed, and nobody sees the later one first. Cancelled messages are deleted.
/// </summary>
internal sealed partial class SavingTransaction<TDbContext>(SavingStatements<TDbContext> statements, ILogger<SavingTransaction<TDbContext>> logger)
    where TDbContext : DbContext
{
    /// <summary>Does its work if a transaction is under way; otherwise sees to it that EF Core begins one, which then does it.</summary>
    public async Task PrepareAsync(TDbContext context, OutboxSession session, SavingWork work, bool sync, CancellationToken ct)
    {
        var database = context.Database;

        if (work.Delayed.Length > 0)
            await TimeAsync(context, session, work.Delayed, sync, ct);
        if (!work.IsOfTransaction)
            return;

        if (!SavingTransaction.StandsAlone(context))
        {
            await RunAsync(context, session, database.CurrentTransaction?.GetDbTransaction(), work, sync, ct);
            return;
        }

        // The transaction of an open connection need not be EF Core's.
        if (database.GetDbConnection().State is not ConnectionState.Closed
            && await CatchAsync(session, statements.IsInTransactionAsync(context, sync, ct)))
        {
            await RunAsync(context, session, null, work, sync, ct);
            return;
        }

        if (work.Keys.Length == 0 && !context.ChangeTracker.HasChanges())
        {
            // EF Core would begin no transaction: the deletion is all there is.
            await CatchAsync(session, DeleteAsync(context, null, work.Cancelled, sync, ct));
            return;
        }

        session.Work = work;
        session.UsualTransactions = database.AutoTransactionBehavior;
        database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
    }

    /// <summary>Does its work first thing in the transaction that EF Core has begun for a save.</summary>
    public async Task BeginAsync(
        TDbContext context, OutboxSession session, DbTransaction transaction, SavingWork work, bool sync, CancellationToken ct)
    {
        try
        {
            await RunAsync(context, session, transaction, work, sync, ct);
        }
        catch
        {
            // EF Core does not know of it yet.
            if (sync)
                transaction.Dispose();
            else
                await transaction.DisposeAsync();

            throw;
        }
    }

    /// <summary>A delay counts from here by the database's clock, which is also the one that decides when it is over.</summary>
    private async Task TimeAsync(TDbContext context, OutboxSession session, OutboxMessage[] delayed, bool sync, CancellationToken ct)
    {
        var now = await CatchAsync(session, statements.AskTimeAsync(context, sync, ct));

        foreach (var row in delayed)
        {
            row.EnqueueTime = row.NextAttempt = now + row.Delay;
            row.ExpirationTime = row.EnqueueTime + row.TimeToLive;
        }
    }

    private async Task RunAsync(
        TDbContext context, OutboxSession session, DbTransaction? transaction, SavingWork work, bool sync, CancellationToken ct)
    {
        if (work.Keys.Length > 0)
            await CatchAsync(session, statements.LockKeysAsync(context, transaction, work.Keys, sync, ct));
        if (work.Cancelled.Length > 0)
            await CatchAsync(session, DeleteAsync(context, transaction, work.Cancelled, sync, ct));
    }

    private async Task<int> DeleteAsync(TDbContext context, DbTransaction? transaction, Guid[] tokens, bool sync, CancellationToken ct)
    {
        var deleted = await statements.CancelAsync(context, transaction, tokens, sync, ct);
        if (deleted < tokens.Length)
            LogNotCancelled(tokens.Length - deleted, string.Join(", ", tokens));

        return deleted;
    }

    private static async Task<T> CatchAsync<T>(OutboxSession session, Task<T> statement)
    {
        try
        {
            return await statement;
        }
        catch
        {
            session.SaveFailed = session.CommandFailed = true;
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "Outbox: {Count} message(s) to cancel had been sent or cancelled before, among {Tokens}")]
    private partial void LogNotCancelled(int count, string tokens);
}

internal static class SavingTransaction
{
    /// <summary>Whether no transaction is under way that EF Core knows of.</summary>
    public static bool StandsAlone(DbContext context) =>
        context.Database.CurrentTransaction is null && context.Database.GetEnlistedTransaction() is null && Transaction.Current is null;

    /// <summary>Ends work that was done synchronously, as the synchronous SaveChanges demands: nothing is left to wait for.</summary>
    public static void Done(Task work)
    {
        if (!work.IsCompleted)
            throw new InvalidOperationException("A synchronous save has begun to wait.");
        if (work.Exception?.InnerException is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Leaves the context as it was before the save.</summary>
    public static void End(DbContext context, OutboxSession session)
    {
        if (session.UsualTransactions is not { } usual)
            return;

        context.Database.AutoTransactionBehavior = usual;
        session.UsualTransactions = null;
        session.Work = null;
    }
}
