using Npgsql;

namespace Games.Bench.Measuring;

/// <summary>The database of the implementation under test, with few connections, because the services need those of the server.</summary>
internal static class GamesDatabase
{
    public static NpgsqlDataSource Open(string? connection)
    {
        if (string.IsNullOrWhiteSpace(connection))
            throw new BenchException("No database to read the announcements from: set --games-db or ConnectionStrings__Games.");

        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connection) { MaxPoolSize = 4, CommandTimeout = 300, ApplicationName = "Games.Bench" };
            return new NpgsqlSlimDataSourceBuilder(settings.ConnectionString).EnableArrays().Build();
        }
        catch (ArgumentException exception)
        {
            throw new BenchException($"--games-db is not a connection string of PostgreSQL: {exception.Message}");
        }
    }
}
