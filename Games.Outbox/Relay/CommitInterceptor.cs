using System.Data;
using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Transactions;
using Games.Outbox.Capture;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;

namespace Games.Outbox.Relay;

/// <summary>
/// Wakes the relay by the commit itself. When SaveChanges is the whole transaction, which is the common case, its rows are inserted as
/// already leased to this process and go to the relay from memory; in any other transaction they are inserted free and the relay is woken
/// once the commit is known. A commit that nobody here sees (an external transaction) is found by the relay's poll.
/// </summary>
internal sealed class CommitInterceptor<TDbContext>(OutboxRelay<TDbContext> relay, SavingTransaction<TDbContext> saving, TimeProvider time)
    : ISaveChangesInterceptor, IDbTransactionInterceptor, IDbCommandInterceptor
    where TDbContext : DbContext
{
    // By the transaction and not by the context: another context may share the transaction, and commit it.
    private readonly ConditionalWeakTable<DbTransaction, object> _awaited = [];

    public InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        if (Session(eventData) is { } session && Prepare(eventData.Context!, session) is { IsNone: false } work)
            SavingTransaction.Done(saving.PrepareAsync((TDbContext)eventData.Context!, session, work, sync: true, CancellationToken.None));

        return result;
    }

    public async ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        if (Session(eventData) is { } session && Prepare(eventData.Context!, session) is { IsNone: false } work)
            await saving.PrepareAsync((TDbContext)eventData.Context!, session, work, sync: false, cancellationToken);

        return result;
    }

    public int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        if (Session(eventData) is { } session)
            Complete(eventData.Context!, session);

        return result;
    }

    public ValueTask<int> SavedChangesAsync(
        SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default) =>
        new(SavedChanges(eventData, result));

    public void CommandFailed(DbCommand command, CommandErrorEventData eventData)
    {
        if (Session(eventData) is { } session)
            session.CommandFailed = true;
    }

    public Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        CommandFailed(command, eventData);

        return Task.CompletedTask;
    }

    public DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        if (Session(eventData) is { Work: { } work } session)
            SavingTransaction.Done(saving.BeginAsync((TDbContext)eventData.Context!, session, result, work, sync: true, CancellationToken.None));

        return result;
    }

    public async ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        if (Session(eventData) is { Work: { } work } session)
            await saving.BeginAsync((TDbContext)eventData.Context!, session, result, work, sync: false, cancellationToken);

        return result;
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData)
    {
        if (_awaited.Remove(transaction))
            relay.RowsCommitted();
    }

    public Task TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        TransactionCommitted(transaction, eventData);

        return Task.CompletedTask;
    }

    private static OutboxSession? Session(DbContextEventData eventData) =>
        eventData.Context is { } context && OutboxSession.TryFind(context, out var session) ? session : null;

    /// <summary>Decides of each row whether it is handed over; what else has to happen before they are inserted.</summary>
    private SavingWork? Prepare(DbContext context, OutboxSession session)
    {
        var rows = session.Unsaved();
        var cancelled = session.Cancelled();
        if (rows.Length + cancelled.Length == 0)
            return null;

        // An open connection may be in a transaction that EF does not know of (Dapper's, a raw BEGIN).
        var ownsTransaction = SavingTransaction.StandsAlone(context) && context.Database.AutoTransactionBehavior is not AutoTransactionBehavior.Never
            && context.Database.GetDbConnection().State is ConnectionState.Closed;
        var handsOver = ownsTransaction && rows.Length > 0 && relay.Accepts && rows.All(x => x is { NextAttempt: null, OrderingKey: null });
        // Messages of one transaction leave in their order. A transaction that is not ours may bring further ones.
        var transactionKey = !ownsTransaction ? $"{OutboxSession.TransactionKeyPrefix}{TransactionId(context)}"
            : rows.Length > 1 ? $"{OutboxSession.TransactionKeyPrefix}{rows[0].MessageId:N}"
            : null;
        var now = time.GetTimestamp();

        foreach (var row in rows)
        {
            row.OrderingKey ??= row.IsUnordered ? null : transactionKey;
            row.LockId = handsOver ? relay.Owner : null;
            row.LeasedSince = now;
        }

        if (handsOver && cancelled.Length == 0)
            return null;

        string[] keys = [.. rows.Select(x => x.OrderingKey!).Where(x => x is not null && !OutboxSession.IsTransactionKey(x)).Distinct()];

        return new(keys, [.. rows.Where(x => x.Delay is not null)], cancelled);
    }

    private void Complete(DbContext context, OutboxSession session)
    {
        SavingTransaction.End(context, session);
        session.ForgetCancelled();

        var rows = session.TakeSaved();
        if (rows.Length == 0)
            return;

        session.SaveFailed = false;

        // Rows that another interceptor added after ours had its turn were not prepared: they are free in the table.
        var handedOver = rows.Where(x => x.LockId == relay.Owner).ToArray();
        if (handedOver.Where(x => !x.IsUnordered).ToArray() is { Length: > 0 } ordered)
            relay.HandOver(ordered);
        foreach (var row in handedOver.Where(x => x.IsUnordered))
            relay.HandOver([row]);
        if (handedOver.Length == rows.Length)
            return;

        if (SavingTransaction.StandsAlone(context))
            relay.RowsCommitted();
        else if ((context.Database.GetEnlistedTransaction() ?? Transaction.Current) is { } ambient)
            ambient.TransactionCompleted += (_, _) => relay.RowsCommitted();
        else
            _awaited.AddOrUpdate(context.Database.CurrentTransaction!.GetDbTransaction(), this);
    }

    private static string TransactionId(DbContext context) =>
        context.Database.CurrentTransaction?.TransactionId.ToString("N")
        ?? (context.Database.GetEnlistedTransaction() ?? Transaction.Current)?.TransactionInformation.LocalIdentifier
        ?? Guid.CreateVersion7().ToString("N");
}
