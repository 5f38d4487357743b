using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Games.Data;

/// <summary>
/// A server (idle_session_timeout, a restart), a proxy or a firewall ends a connection that rests in the pool, and nobody hears of it before the
/// next statement fails. So a connection that has rested is asked before anything is sent, and a dead one is opened anew. One in steady use is
/// not asked: that would be a round trip for each use.
/// </summary>
internal sealed class RestedConnections : DbConnectionInterceptor
{
    private const int AnswerTimeoutSeconds = 3;
    private const int Remembered = 1_000;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    // By the server's process: a pooled connection has no other name that outlives its use.
    private readonly ConcurrentDictionary<int, long> _restingSince = new();

    public override InterceptionResult ConnectionClosing(DbConnection connection, ConnectionEventData data, InterceptionResult result)
    {
        if (connection is NpgsqlConnection { State: ConnectionState.Open } open)
            Remember(open.ProcessID);
        return result;
    }

    public override ValueTask<InterceptionResult> ConnectionClosingAsync(
        DbConnection connection, ConnectionEventData data, InterceptionResult result) =>
        new(ConnectionClosing(connection, data, result));

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData data)
    {
        if (!HasRested(connection))
            return;

        try
        {
            using var question = Question(connection);
            question.ExecuteNonQuery();
        }
        catch (Exception failure)
        {
            connection.Close();
            if (failure is not NpgsqlException)
                throw;

            NpgsqlConnection.ClearPool((NpgsqlConnection)connection);
            connection.Open();
        }
    }

    public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData data, CancellationToken cancellationToken)
    {
        if (!HasRested(connection))
            return;

        try
        {
            await using var question = Question(connection);
            await question.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception failure)
        {
            // Also if it is cancelled: EF Core does not close what it could not open.
            await connection.CloseAsync();
            if (failure is not NpgsqlException)
                throw;

            // What rests beside it is as dead.
            NpgsqlConnection.ClearPool((NpgsqlConnection)connection);
            await connection.OpenAsync(cancellationToken);
        }
    }

    private static DbCommand Question(DbConnection connection)
    {
        var question = connection.CreateCommand();
        question.CommandText = "SELECT 1";
        question.CommandTimeout = AnswerTimeoutSeconds;
        return question;
    }

    private bool HasRested(DbConnection connection) =>
        connection is NpgsqlConnection { State: ConnectionState.Open } open
        && _restingSince.TryRemove(open.ProcessID, out var since) && Stopwatch.GetElapsedTime(since) > Rest;

    private void Remember(int process)
    {
        // The pool closes connections of its own accord, and nobody says which. What is forgotten here is used unasked, once.
        if (_restingSince.Count >= Remembered)
            _restingSince.Clear();
        _restingSince[process] = Stopwatch.GetTimestamp();
    }
}
