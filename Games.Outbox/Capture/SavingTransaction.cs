using System.Data;
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
    /// <summary>Does the work, then saves: in the transaction under way, or in one for both.</summary>
    public async Task<int> SaveAsync(TDbContext context, SavingWork work, Func<Task<int>> save, bool sync, CancellationToken ct)
    {
        if (work.Delayed.Length > 0)
            await TimeAsync(context, work.Delayed, sync, ct);
        if (!work.IsOfTransaction)
            return await save();
        if (!await IsInTransactionAsync(context, sync, ct))
            return await SaveInTransactionAsync(context, work, save, sync, ct);

        await RunAsync(context, work, sync, ct);

        return await save();
    }

    /// <summary>Deletes scheduled messages for a save that has nothing else to do.</summary>
    public async Task CancelAsync(TDbContext context, Guid[] tokens, bool sync, CancellationToken ct)
    {
        var deleted = await statements.CancelAsync(context, context.Database.CurrentTransaction?.GetDbTransaction(), tokens, sync, ct);
        if (deleted < tokens.Length)
            LogNotCancelled(tokens.Length - deleted, string.Join(", ", tokens));
    }

    private async Task<int> SaveInTransactionAsync(TDbContext context, SavingWork work, Func<Task<int>> save, bool sync, CancellationToken ct)
    {
        var database = context.Database;
        var transaction = sync ? database.BeginTransaction() : await database.BeginTransactionAsync(ct);
        // There is nothing to go back to before this save.
        var savepoints = database.AutoSavepointsEnabled;
        database.AutoSavepointsEnabled = false;

        try
        {
            await RunAsync(context, work, sync, ct);
            var saved = await save();

            if (sync)
                transaction.Commit();
            else
                await transaction.CommitAsync(ct);

            return saved;
        }
        finally
        {
            database.AutoSavepointsEnabled = savepoints;
            // Without a commit it is rolled back.
            if (sync)
                transaction.Dispose();
            else
                await transaction.DisposeAsync();
        }
    }

    private async Task<bool> IsInTransactionAsync(TDbContext context, bool sync, CancellationToken ct) =>
        !SavingTransaction.StandsAlone(context)
        // That of an open connection need not be EF Core's.
        || context.Database.GetDbConnection().State is not ConnectionState.Closed && await statements.IsInTransactionAsync(context, sync, ct);

    /// <summary>A delay counts from here by the database's clock, which is also the one that decides when it is over.</summary>
    private async Task TimeAsync(TDbContext context, OutboxMessage[] delayed, bool sync, CancellationToken ct)
    {
        var now = await statements.AskTimeAsync(context, sync, ct);

        foreach (var row in delayed)
        {
            row.EnqueueTime = row.NextAttempt = now + row.Delay;
            row.ExpirationTime = row.EnqueueTime + row.TimeToLive;
        }
    }

    private async Task RunAsync(TDbContext context, SavingWork work, bool sync, CancellationToken ct)
    {
        if (work.Keys.Length > 0)
            await statements.LockKeysAsync(context, context.Database.CurrentTransaction?.GetDbTransaction(), work.Keys, sync, ct);
        if (work.Cancelled.Length > 0)
            await CancelAsync(context, work.Cancelled, sync, ct);
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
    public static T ResultOf<T>(Task<T> work)
    {
        if (!work.IsCompleted)
            throw new InvalidOperationException("A synchronous save has begun to wait.");
        if (work.Exception?.InnerException is { } failure)
            ExceptionDispatchInfo.Throw(failure);

        return work.Result;
    }
}
