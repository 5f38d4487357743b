namespace Games.Tests.Servers;

/// <summary>A database of a test class's own, with the tables of Games.Data. Use as <c>IClassFixture&lt;TestDatabase&gt;</c>.</summary>
public class TestDatabase(TestServers servers) : IAsyncLifetime
{
    private Availability? _database;

    /// <summary>In Npgsql's format; skips the reading test when there is no server.</summary>
    public string ConnectionString => _database!.ConnectionString;

    protected virtual bool Migrated => true;

    public async ValueTask InitializeAsync() => _database = await Availability.OfAsync(servers.CreateDatabaseAsync(Migrated));

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _database!.IfHadAsync(TestServers.DropDatabaseAsync);
    }
}

/// <summary>A database without any table, for tests that bring a schema of their own.</summary>
public sealed class EmptyDatabase(TestServers servers) : TestDatabase(servers)
{
    protected override bool Migrated => false;
}
