using Npgsql;

namespace Games.Data;

/// <summary>The oldest servers that the tests run on; one that is older is refused, as nobody knows what it lacks.</summary>
public static class OldestServer
{
    private static readonly Version Postgres = new(15, 0);
    private static readonly Version RabbitMq = new(3, 10);

    /// <summary>Of a connection that is open: why it is refused, null if it is not.</summary>
    public static string? FindRefusal(this NpgsqlConnection connection) => FindRefusal("PostgreSQL", connection.PostgreSqlVersion, Postgres);

    /// <param name="rabbitMq">The version that a broker tells of itself; one that cannot be read is not refused.</param>
    /// <returns>Why it is refused, null if it is not.</returns>
    public static string? FindRefusalOfBroker(string rabbitMq) =>
        Version.TryParse(rabbitMq.Split('-', '+')[0], out var version) ? FindRefusal("RabbitMQ", version, RabbitMq) : null;

    private static string? FindRefusal(string server, Version version, Version oldest) =>
        version < oldest ? $"{server} {version} is too old: Games needs {oldest} or newer" : null;
}
