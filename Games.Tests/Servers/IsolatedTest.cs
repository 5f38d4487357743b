namespace Games.Tests.Servers;

/// <summary>
/// Tests that each have a database and a virtual host of their own, because they ask of all that is there whether it is well: what is on its way when
/// one ends, such as an event of a game that it deletes, would be another's.
/// </summary>
public abstract class IsolatedTest(TestServers servers) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(servers);
    private readonly TestBroker _broker = new(servers);

    protected string Database => _database.ConnectionString;

    protected string Broker => _broker.ConnectionString;

    public virtual async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        await _broker.InitializeAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _database.DisposeAsync();
        await _broker.DisposeAsync();
    }
}
