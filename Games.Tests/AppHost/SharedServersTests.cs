using Games.Tests.Servers;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Tests.AppHost;

public sealed class SharedServersTests(TestDatabase database, EmptyDatabase empty, TestBroker broker)
    : IClassFixture<TestDatabase>, IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task A_test_class_has_a_database_of_its_own()
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);

        Assert.NotEqual(empty.ConnectionString, database.ConnectionString);
    }

    [Fact]
    public async Task A_test_class_has_a_virtual_host_of_its_own()
    {
        var factory = new ConnectionFactory { Uri = new Uri(broker.ConnectionString) };
        await using var connection = await factory.CreateConnectionAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith("test-", factory.VirtualHost);
        Assert.True(connection.IsOpen);
    }
}
