using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Outbox.Outages;

/// <summary>
/// What a process knows of an outage of its database. Whoever meets a failure says so here first and, if it is one of the whole database, logs
/// nothing of its own: one warning tells of it, and one line that it is over.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="logger">Where the two lines go.</param>
public sealed class DatabaseOutage(TimeProvider time, ILogger<DatabaseOutage> logger)
{
    /// <summary>No more often are all sessions ended: a fault that stays would have each request open a connection anew.</summary>
    private static readonly TimeSpan RenewalInterval = TimeSpan.FromSeconds(1);

    private readonly Outage _outage = new("The database", "", time, logger);
    private long _renewed;

    private enum Scope
    {
        /// <summary>One statement, or one thing in it: a lock, a deadlock, a table that is missing.</summary>
        Statement,

        /// <summary>An answer that did not come: a slow statement, or a server that is frozen.</summary>
        Silence,

        /// <summary>A connection that had been there: one of them, or all.</summary>
        Connection,

        /// <summary>Whatever would write: the server is read-only, its disk is full.</summary>
        Writes,

        /// <summary>Whoever would connect.</summary>
        Server
    }

    /// <summary>Whether the failure is one of the whole database, so that its caller need not tell of it.</summary>
    /// <param name="failure">What a statement, or the opening of a connection, has thrown.</param>
    /// <param name="loop">The loop that met it, which tries again until it <see cref="Works" />; null for a request, a message, a single try.</param>
    public bool Met(Exception failure, object? loop = null)
    {
        RenewSessions(failure);
        var scope = ScopeOf(failure);
        // A statement may be slow, and only some may write: one request is no proof. Loops meet it too, if it is an outage.
        if (scope is Scope.Statement || loop is null && scope is Scope.Silence or Scope.Writes && !_outage.IsOn)
            return false;

        if (loop is not null || scope is Scope.Server || _outage.IsOn)
            _outage.Fails(loop, KindOf(failure, scope), failure.InWords(), isCertain: scope is Scope.Writes or Scope.Server);

        return true;
    }

    /// <summary>The loop works, or asks nothing of the database at the moment. Cheap: to be called whenever it does.</summary>
    public void Works(object loop) => _outage.Works(loop);

    /// <summary>
    /// Ends the pooled sessions after a failure of the system: one that began before the mend may never see it, such as one that was opened while
    /// the database was read-only by default, or that has planned a statement for a table as it was.
    /// </summary>
    private void RenewSessions(Exception failure)
    {
        // Of values that were refused the next session says the same; and one statement that was cancelled says nothing of the others.
        if (failure.Find<PostgresException>() is not { IsTransient: false } refusal
            || refusal.SqlState[..2] is "21" or "22" or "23" or "44" or "54" or "57" or "P0"
            || refusal.SqlState is PostgresErrorCodes.InFailedSqlTransaction)
        {
            return;
        }

        var (now, renewed) = (time.GetTimestamp(), Volatile.Read(ref _renewed));
        if ((renewed == 0 || time.GetElapsedTime(renewed, now) > RenewalInterval)
            && Interlocked.CompareExchange(ref _renewed, now, renewed) == renewed)
        {
            NpgsqlConnection.ClearAllPools();
        }
    }

    private static Scope ScopeOf(Exception failure)
    {
        if (failure.Find<PostgresException>() is { } refusal)
        {
            // FATAL ends a session: one that had been there, or one that was about to be.
            var (state, kind) = (refusal.SqlState, refusal.SqlState[..2]);
            if (refusal.InvariantSeverity is "FATAL" or "PANIC")
                return kind is "25" or "57" && state is not PostgresErrorCodes.CannotConnectNow ? Scope.Connection : Scope.Server;

            return state is PostgresErrorCodes.ReadOnlySqlTransaction || kind is "53" or "58" ? Scope.Writes : Scope.Statement;
        }

        return failure.Find<SocketException>() is { SocketErrorCode: var code }
            ? code is SocketError.ConnectionReset or SocketError.Shutdown ? Scope.Connection : Scope.Server
            : failure.Find<TimeoutException>() is not null ? Scope.Silence
            : failure.Find<IOException>() is not null ? Scope.Connection
            : failure.Find<NpgsqlException>() is { Message: FailureText.NoHost } ? Scope.Server
            : Scope.Statement;
    }

    /// <summary>A server that goes, is gone and comes back is one outage; a login that is refused, or a server that only reads, is another.</summary>
    private static string KindOf(Exception failure, Scope scope) =>
        failure.Find<PostgresException>() is { SqlState: var state } && state[..2] is not ("57" or "08") ? state : "";
}
