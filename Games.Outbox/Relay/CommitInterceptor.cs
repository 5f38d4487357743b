using System.Data;
using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Transactions;
using Games.Outbox.Capture;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;

namespace Games.Outbox.Relay;

/// <summary>
/// Wakes the relay by the commit itself. When SaveChanges is the whole transaction, which is the common case, its rows are inserted as
/// already leased to this process and go to the relay from memory; in any other transaction they are inserted free and the relay is woken
/// once the commit is known. A commit that nobody here sees (an external transaction) is found by the relay's poll.
/// </summary>
internal sealed class CommitInterceptor<TDbContext>(OutboxRelay<TDbContext> relay, SavingTransaction<TDbContext> saving, TimeProvider time)
    : IOutboxSaving, ISaveChangesInterceptor, IDbTransactionInterceptor
    where TDbContext : DbContext
{
    // By the transaction and not by the context: another context may share the transaction, and commit it.
    private readonly ConditionalWeakTable<DbTransaction, List<OutboxMessage>> _awaited = [];

    public async Task<int> SaveAsync(DbContext context, IList<IUpdateEntry> entries, Func<Task<int>> save, bool sync, CancellationToken ct)
    {
        if (!OutboxSession.TryFind(context, out var session))
            return await save();

        var inserts = InsertsOf(entries);
        var cancelled = session.Cancelled();
        int saved;

        try
        {
            saved = inserts.Length + cancelled.Length == 0
                ? await save()
                : await saving.SaveAsync((TDbContext)context, Prepare(context, [.. inserts.Select(x => x.Row)], cancelled), save, sync, ct);
        }
        catch
        {
            session.SaveFailed = true;
            throw;
        }

        session.Saved(cancelled);
        if (inserts.Length > 0)
            Complete(context, [.. inserts.Select(x => x.Row.Inserted(NumberOf(x.Entry))).OrderBy(x => x.SequenceNumber)]);

        return saved;
    }

    public int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        _ = SavingTransaction.ResultOf(CancelAsync(eventData, sync: true, CancellationToken.None));

        return result;
    }

    public async ValueTask<int> SavedChangesAsync(
        SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        await CancelAsync(eventData, sync: false, cancellationToken);

        return result;
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData)
    {
        if (!_awaited.Remove(transaction, out var rows))
            return;

        Committed(rows);
        relay.RowsCommitted();
    }

    public Task TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        TransactionCommitted(transaction, eventData);

        return Task.CompletedTask;
    }

    /// <summary>Rows that were captured. The application's own, if it ever adds one, are left alone.</summary>
    private static (IUpdateEntry Entry, OutboxMessage Row)[] InsertsOf(IList<IUpdateEntry> entries) =>
    [
        .. from entry in entries
           where entry.EntityState is EntityState.Added && entry.EntityType.ClrType == typeof(OutboxMessage)
           let row = (OutboxMessage)entry.ToEntityEntry().Entity
           where row.BodyBytes is not null
           select (entry, row)
    ];

    private static long NumberOf(IUpdateEntry entry) =>
        entry.GetCurrentValue<long>(entry.EntityType.FindProperty(nameof(OutboxMessage.SequenceNumber))!);

    /// <summary>Decides of each row whether it is handed over; what else has to happen before they are inserted.</summary>
    private SavingWork Prepare(DbContext context, OutboxMessage[] rows, Guid[] cancelled)
    {
        // What an earlier save, which failed or was undone, has decided.
        foreach (var row in rows.Where(x => OutboxSession.IsTransactionKey(x.OrderingKey)))
            row.OrderingKey = null;

        // An open connection may be in a transaction that EF does not know of (Dapper's, a raw BEGIN).
        var ownsTransaction = SavingTransaction.StandsAlone(context) && context.Database.AutoTransactionBehavior is not AutoTransactionBehavior.Never
            && context.Database.GetDbConnection().State is ConnectionState.Closed;
        // What leaves later waits in the table, and what has a key behind those that have it already.
        var handsOver = ownsTransaction && relay.Accepts
            && rows.All(x => x.NextAttempt is not null || x.OrderingKey is null || x.BeginsItsKey);
        // Messages of one transaction leave in their order. A transaction that is not ours may bring further ones.
        var transactionKey = !ownsTransaction ? $"{OutboxSession.TransactionKeyPrefix}{TransactionId(context)}"
            : rows.Length > 1 ? $"{OutboxSession.TransactionKeyPrefix}{rows[0].MessageId:N}"
            : null;
        var now = time.GetTimestamp();

        foreach (var row in rows)
        {
            row.OrderingKey ??= row.IsUnordered ? null : transactionKey;
            row.LockId = handsOver && row.NextAttempt is null ? relay.Owner : null;
            row.LeasedSince = now;
        }

        string[] keys =
        [
            .. rows.Where(x => !x.BeginsItsKey).Select(x => x.OrderingKey!)
                .Where(x => x is not null && !OutboxSession.IsTransactionKey(x)).Distinct()
        ];

        return new(keys, [.. rows.Where(x => x.Delay is not null)], cancelled);
    }

    private void Complete(DbContext context, OutboxMessage[] rows)
    {
        if (rows.Where(x => x.LockId is not null).ToArray() is { Length: > 0 } ours)
        {
            Committed(rows);
            if (ours.Where(x => !x.IsUnordered).ToArray() is { Length: > 0 } ordered)
                relay.HandOver(ordered);
            foreach (var row in ours.Where(x => x.IsUnordered))
                relay.HandOver([row]);
            if (rows.Min(x => x.NextAttempt) is { } due)
                relay.ScheduledCommitted(due);
        }
        else if (SavingTransaction.StandsAlone(context))
        {
            Committed(rows);
            relay.RowsCommitted();
        }
        else if ((context.Database.GetEnlistedTransaction() ?? Transaction.Current) is { } ambient)
        {
            ambient.TransactionCompleted += (_, completed) =>
            {
                if (completed.Transaction?.TransactionInformation.Status is TransactionStatus.Committed)
                    Committed(rows);
                relay.RowsCommitted();
            };
        }
        else
        {
            _awaited.GetOrCreateValue(context.Database.CurrentTransaction!.GetDbTransaction()).AddRange(rows.Where(x => x.OnCommitted is not null));
        }
    }

    private static void Committed(IEnumerable<OutboxMessage> rows)
    {
        foreach (var row in rows)
            row.OnCommitted?.Invoke();
    }

    /// <summary>For a save that had nothing to insert, update or delete: the cancellations are all there is.</summary>
    private async Task<bool> CancelAsync(SaveChangesCompletedEventData eventData, bool sync, CancellationToken ct)
    {
        if (eventData.Context is not TDbContext context || !OutboxSession.TryFind(context, out var session)
            || session.Cancelled() is not { Length: > 0 } cancelled || context.ChangeTracker.HasChanges())
        {
            return false;
        }

        await saving.CancelAsync(context, cancelled, sync, ct);
        session.Saved(cancelled);

        return true;
    }

    private static string TransactionId(DbContext context) =>
        context.Database.CurrentTransaction?.TransactionId.ToString("N")
        ?? (context.Database.GetEnlistedTransaction() ?? Transaction.Current)?.TransactionInformation.LocalIdentifier
        ?? Guid.CreateVersion7().ToString("N");
}
