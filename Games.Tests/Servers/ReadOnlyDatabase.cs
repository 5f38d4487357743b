using Npgsql;

namespace Games.Tests.Servers;

/// <summary>A database that answers and takes nothing, until it is mended: as an operator does both, with every session begun anew.</summary>
internal sealed class ReadOnlyDatabase : IAsyncDisposable
{
    private readonly NpgsqlDataSource _writing;
    private readonly string _database;
    private readonly string _name;

    private ReadOnlyDatabase(string database)
    {
        _database = database;
        // Whatever the default is.
        _writing = NpgsqlDataSource.Create($"{database};Pooling=false;Options=-c default_transaction_read_only=off");
        _name = new NpgsqlConnectionStringBuilder(database).Database!;
    }

    public static async Task<ReadOnlyDatabase> MakeAsync(string database)
    {
        var made = new ReadOnlyDatabase(database);
        await made.RunAsync($"alter database {made._name} set default_transaction_read_only = on");
        await made.RunAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        made.ForgetSessions();
        return made;
    }

    /// <summary>All of it at once in a session like any other, as psql -c does.</summary>
    public async Task MendAsync(string advised)
    {
        await using var session = NpgsqlDataSource.Create($"{_database};Pooling=false");
        await using var command = session.CreateCommand(advised);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync($"alter database {_name} reset default_transaction_read_only");
        await _writing.DisposeAsync();
        ForgetSessions();
    }

    // Of this process's pool: those that were ended, and those that have begun since and take nothing.
    private void ForgetSessions() => NpgsqlConnection.ClearPool(new NpgsqlConnection(_database));

    private async Task RunAsync(string sql)
    {
        await using var command = _writing.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
