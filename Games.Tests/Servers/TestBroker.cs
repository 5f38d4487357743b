namespace Games.Tests.Servers;

/// <summary>A virtual host of a test class's own, so that classes run side by side without taking each other's messages.
/// Use as <c>IClassFixture&lt;TestBroker&gt;</c>.</summary>
public sealed class TestBroker(TestServers servers) : IAsyncLifetime
{
    private Availability? _virtualHost;

    /// <summary>amqp://user:password@host:port/vhost; skips the reading test when there is no server.</summary>
    public string ConnectionString => _virtualHost!.ConnectionString;

    public async ValueTask InitializeAsync() => _virtualHost = await Availability.OfAsync(servers.CreateVirtualHostAsync());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
