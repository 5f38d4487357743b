using System.Data.Common;
using System.Transactions;
using Games.Outbox.Relay;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Games.Outbox.Capture;

/// <summary>
/// Wakes the relay by the commit itself. When SaveChanges is the whole transaction, which is the common case, its rows are inserted as
/// already held by this process and go to the relay from memory; in any other transaction they are inserted free and the relay is told
/// to look once the commit is known. A commit that nobody here sees (an external transaction) is found by the relay's poll.
/// </summary>
internal sealed class OutboxInterceptor<TDbContext>(OutboxRelay<TDbContext> relay, TimeProvider time)
    : ISaveChangesInterceptor, IDbTransactionInterceptor
    where TDbContext : DbContext
{
    public InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        if (Session(eventData) is { } session)
            Prepare(eventData.Context!, session.Unsaved());

        return result;
    }

    public ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
        new(SavingChanges(eventData, result));

    public int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        if (Session(eventData) is { } session)
            Complete(eventData.Context!, session);

        return result;
    }

    public ValueTask<int> SavedChangesAsync(
        SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default) =>
        new(SavedChanges(eventData, result));

    public void SaveChangesFailed(DbContextErrorEventData eventData)
    {
        if (Session(eventData) is { } session)
            session.SaveFailed = true;
    }

    public Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        SaveChangesFailed(eventData);

        return Task.CompletedTask;
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData)
    {
        if (Session(eventData) is not { AwaitsCommit: true } session)
            return;

        session.AwaitsCommit = false;
        relay.Wake();
    }

    public Task TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        TransactionCommitted(transaction, eventData);

        return Task.CompletedTask;
    }

    private static OutboxSession? Session(DbContextEventData eventData) =>
        eventData.Context is { } context && OutboxSession.TryFind(context, out var session) ? session : null;

    private void Prepare(DbContext context, OutboxMessage[] rows)
    {
        if (rows.Length == 0)
            return;

        var ownsTransaction = StandsAlone(context) && context.Database.AutoTransactionBehavior is not AutoTransactionBehavior.Never;
        var handsOver = ownsTransaction && relay.Accepts && rows.All(x => x is { NextAttempt: null, OrderingKey: null });
        // Messages of one transaction leave in their order. A transaction that is not ours may bring further ones.
        var transactionKey = ownsTransaction ? rows.Length > 1 ? $"tx:{rows[0].MessageId:N}" : null : $"tx:{TransactionId(context):N}";
        var now = time.GetTimestamp();

        foreach (var row in rows)
        {
            row.OrderingKey ??= transactionKey;
            row.LockId = handsOver ? relay.Owner : null;
            row.HeldSince = now;
        }
    }

    private void Complete(DbContext context, OutboxSession session)
    {
        var rows = session.TakeSaved();
        if (rows.Length == 0)
            return;

        session.SaveFailed = false;

        if (rows[0].LockId is not null)
            relay.HandOver(rows);
        else if (StandsAlone(context))
            relay.Wake();
        else if ((context.Database.GetEnlistedTransaction() ?? Transaction.Current) is { } ambient)
            ambient.TransactionCompleted += (_, _) => relay.Wake();
        else
            session.AwaitsCommit = true;
    }

    private static bool StandsAlone(DbContext context) =>
        context.Database.CurrentTransaction is null && context.Database.GetEnlistedTransaction() is null && Transaction.Current is null;

    private static Guid TransactionId(DbContext context) => context.Database.CurrentTransaction?.TransactionId ?? Guid.CreateVersion7();
}
