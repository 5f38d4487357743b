using Npgsql;

namespace Games.Tests.Outbox;

/// <summary>The backends of the connections that listen for the outbox.</summary>
internal static class ListenerBackends
{
    public static Task<int[]> ListAsync(string database) => ReadAsync(
        database, "SELECT pid FROM pg_stat_activity WHERE application_name = 'outbox' AND datname = current_database()");

    /// <summary>Terminates them; those that it met.</summary>
    public static async Task<int[]> TerminateAsync(string database)
    {
        var backends = await ListAsync(database);
        await ReadAsync(database, $"SELECT 1 FROM unnest('{{{string.Join(',', backends)}}}'::int[]) pid WHERE pg_terminate_backend(pid)");

        return backends;
    }

    private static async Task<int[]> ReadAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var numbers = new List<int>();
        while (await reader.ReadAsync())
            numbers.Add(reader.GetInt32(0));

        return [.. numbers];
    }
}
