using Games.Data;
using Games.ServiceDefaults;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.ServiceDefaults;

public sealed class BrokerNodesTests(TestBroker broker) : IClassFixture<TestBroker>
{
    [Theory]
    [InlineData("amqp://a:5672/games", "amqp://a:5672/games")]
    [InlineData("amqp://user:p%40s,s@a:5671,b,c:7/v", "amqp://user:p%40s,s@a:5671/v", "amqp://user:p%40s,s@b/v", "amqp://user:p%40s,s@c:7/v")]
    [InlineData("amqps://a, b", "amqps://a/", "amqps://b/")]
    public void Several_hosts_by_comma_are_the_nodes_of_a_cluster(string setting, params string[] nodes) =>
        Assert.Equal(nodes.Select(x => new Uri(x)), Read(setting));

    [Theory]
    [InlineData("a:5672")]
    [InlineData("http://a")]
    [InlineData("amqp://")]
    [InlineData("amqp://a,,b/games")]
    [InlineData("amqp://a,b:port/games")]
    [InlineData("amqp://user:secret@a,c@b/games")]
    public void What_is_no_address_is_named_by_its_key_and_not_shown(string setting)
    {
        var refused = Assert.Throws<SettingException>(() => Read(setting));

        Assert.Contains("ConnectionStrings:RabbitMq", refused.Message);
        Assert.DoesNotContain("secret", refused.Message);
    }

    [Fact]
    public async Task A_bus_goes_to_another_node_when_its_own_is_gone()
    {
        await using var first = CuttableLine.ToBroker(broker.ConnectionString, out var throughFirst);
        await using var second = CuttableLine.ToBroker(broker.ConnectionString, out var throughSecond);
        await using var services = new ServiceCollection().AddLogging().AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.UsingReconnectingRabbitMq(
                [new(throughFirst), new(throughSecond)],
                (_, rabbitMq) => rabbitMq.ReceiveEndpoint("either", endpoint => endpoint.Handler<Anything>(_ => Task.CompletedTask)));
        }).BuildServiceProvider();
        var bus = services.GetRequiredService<IBusControl>();
        await bus.StartAsync(TestContext.Current.CancellationToken);
        await ConsumesAsync();
        var (own, other) = first.Taken > 0 ? (first, second) : (second, first);

        own.Freeze();
        own.Cut();

        await Until.TrueAsync(() => other.Taken > 0, "it goes to the other");
        await ConsumesAsync();
        await bus.StopAsync(TestContext.Current.CancellationToken);

        Task ConsumesAsync() => Until.TrueAsync(() => bus.CheckHealth().Status is BusHealthStatus.Healthy, "it consumes");
    }

    private static IReadOnlyList<Uri> Read(string setting) => new ConfigurationBuilder()
        .AddInMemoryCollection([new("ConnectionStrings:RabbitMq", setting)])
        .Build()
        .RequireBrokerNodes();

    private sealed record Anything;
}
