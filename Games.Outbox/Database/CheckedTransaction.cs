using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Games.Outbox.Database;

/// <summary>Makes EF Core's transactions, each as a <see cref="CheckedTransaction" />.</summary>
internal sealed class CheckedTransactionFactory(RelationalTransactionFactoryDependencies dependencies) : RelationalTransactionFactory(dependencies)
{
    public override RelationalTransaction Create(
        IRelationalConnection connection, DbTransaction transaction, Guid transactionId,
        IDiagnosticsLogger<DbLoggerCategory.Database.Transaction> logger, bool transactionOwned) =>
        new CheckedTransaction(connection, transaction, transactionId, logger, transactionOwned, Dependencies.SqlGenerationHelper);
}

/// <summary>
/// EF Core's transaction, but its commit fails if nothing is committed. PostgreSQL answers the COMMIT of a transaction that it has given up with a
/// ROLLBACK, Npgsql does not look at the answer, and whoever has swallowed the failure would take the work for done. A statement before COMMIT, in
/// the same round trip, is refused in such a transaction (25P02), whatever made it fail and whoever knows of it; then COMMIT is not run.
/// </summary>
internal sealed class CheckedTransaction(
    IRelationalConnection connection, DbTransaction transaction, Guid transactionId,
    IDiagnosticsLogger<DbLoggerCategory.Database.Transaction> logger, bool transactionOwned,
    ISqlGenerationHelper names)
    : RelationalTransaction(connection, transaction, transactionId, logger, transactionOwned, names)
{
    private DbTransaction Transaction => this.GetDbTransaction();

    public override void Commit()
    {
        var (start, timestamp) = (TimeProvider.System.GetUtcNow(), TimeProvider.System.GetTimestamp());
        try
        {
            if (!Logger.TransactionCommitting(Connection, Transaction, TransactionId, start).IsSuppressed)
            {
                using var commit = CheckedCommit();
                commit.ExecuteNonQuery();
            }

            Logger.TransactionCommitted(Connection, Transaction, TransactionId, start, TimeProvider.System.GetElapsedTime(timestamp));
        }
        catch (Exception exception)
        {
            Logger.TransactionError(
                Connection, Transaction, TransactionId, nameof(Commit), exception, start, TimeProvider.System.GetElapsedTime(timestamp));
            throw;
        }

        ClearTransaction();
    }

    public override async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        var (start, timestamp) = (TimeProvider.System.GetUtcNow(), TimeProvider.System.GetTimestamp());
        try
        {
            if (!(await Logger.TransactionCommittingAsync(Connection, Transaction, TransactionId, start, cancellationToken)).IsSuppressed)
            {
                await using var commit = CheckedCommit();
                await commit.ExecuteNonQueryAsync(cancellationToken);
            }

            await Logger.TransactionCommittedAsync(
                Connection, Transaction, TransactionId, start, TimeProvider.System.GetElapsedTime(timestamp), cancellationToken);
        }
        catch (Exception exception)
        {
            await Logger.TransactionErrorAsync(
                Connection, Transaction, TransactionId, nameof(Commit), exception, start, TimeProvider.System.GetElapsedTime(timestamp),
                cancellationToken);
            throw;
        }

        await ClearTransactionAsync(cancellationToken);
    }

    /// <summary>A batch is sent with one Sync: what comes after a statement that fails is not run.</summary>
    private NpgsqlBatch CheckedCommit()
    {
        // Throws if somebody has ended the transaction by a statement of his own. COMMIT outside a transaction is only a warning.
        _ = Transaction.IsolationLevel;

        return new((NpgsqlConnection)Connection.DbConnection) { BatchCommands = { new("SELECT 1"), new("COMMIT") } };
    }
}
