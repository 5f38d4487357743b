using Npgsql;

namespace Games.Tests.Servers;

/// <summary>While it lasts, a database takes no new connection; those that are open stay.</summary>
internal sealed class RefusedConnections : IAsyncDisposable
{
    private readonly string _database;
    private readonly string _maintenance;

    private RefusedConnections(string connectionString)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        _database = target.Database!;
        (target.Database, target.Pooling) = ("postgres", false);
        _maintenance = target.ConnectionString;
    }

    public static async Task<RefusedConnections> ToAsync(string connectionString)
    {
        var refused = new RefusedConnections(connectionString);
        await refused.AllowAsync(false);
        return refused;
    }

    public async ValueTask DisposeAsync() => await AllowAsync(true);

    private async Task AllowAsync(bool allowed)
    {
        await using var connection = new NpgsqlConnection(_maintenance);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"alter database \"{_database}\" with allow_connections {allowed}", connection);
        await command.ExecuteNonQueryAsync();
    }
}
