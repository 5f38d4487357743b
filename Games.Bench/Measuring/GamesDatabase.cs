using Npgsql;

namespace Games.Bench.Measuring;

/// <summary>The database of the implementation under test, with few connections: they are taken from the same server.</summary>
internal static class GamesDatabase
{
    public static NpgsqlDataSource Open(string? connection)
    {
        if (string.IsNullOrWhiteSpace(connection))
            throw new BenchException("No database to look for the announcements in: set --games-db or ConnectionStrings__Games.");

        try
        {
            return new NpgsqlSlimDataSourceBuilder(connection) { ConnectionStringBuilder = { MaxPoolSize = 4, ApplicationName = "Games.Bench" } }.EnableArrays().Build();
        }
        catch (ArgumentException exception)
        {
            throw new BenchException($"--games-db is not a connection string of PostgreSQL: {exception.Message}");
        }
    }
}
