using Games.ServiceDefaults;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.ServiceDefaults;

public sealed class BrokenConnectionTests(TestBroker broker) : IClassFixture<TestBroker>
{
    private const int Endpoints = 12;

    [Fact]
    public async Task Endpoints_consume_again_at_whichever_byte_of_their_connecting_the_connection_breaks()
    {
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var throughLine);
        await using var services = new ServiceCollection().AddLogging().AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.UsingReconnectingRabbitMq([new(throughLine)], (_, rabbitMq) =>
            {
                for (var i = 0; i < Endpoints; i++)
                    rabbitMq.ReceiveEndpoint($"endpoint-{i}", endpoint => endpoint.Handler<Anything>(_ => Task.CompletedTask));
            });
        }).BuildServiceProvider();
        var bus = services.GetRequiredService<IBusControl>();
        await bus.StartAsync(TestContext.Current.CancellationToken);
        await ConsumesAsync("at first");

        // The handshake takes 550 bytes of the broker's answers, channels and what is declared on them 3,000 more.
        for (var bytes = 150; bytes < 3500; bytes += 300)
        {
            line.CutAfter(bytes);
            line.Cut();
            await Until.TrueAsync(() => bus.CheckHealth().Status is not BusHealthStatus.Healthy, "the bus is told of the break");
            await ConsumesAsync($"after a break at {bytes} bytes");
        }

        await bus.StopAsync(TestContext.Current.CancellationToken);

        Task ConsumesAsync(string when) =>
            Until.TrueAsync(() => bus.CheckHealth().Status is BusHealthStatus.Healthy, $"all endpoints consume {when}");
    }

    [Fact]
    public async Task What_observes_how_endpoints_are_configured_is_told()
    {
        var observed = new Observed();
        await using var services = new ServiceCollection().AddLogging().AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.UsingReconnectingRabbitMq([new(broker.ConnectionString)], (_, rabbitMq) =>
            {
                rabbitMq.ConnectEndpointConfigurationObserver(observed);
                rabbitMq.ReceiveEndpoint("observed", endpoint => endpoint.Handler<Anything>(_ => Task.CompletedTask));
            });
        }).BuildServiceProvider();

        services.GetRequiredService<IBusControl>();

        Assert.Contains("observed", observed.Endpoints);
    }

    private sealed record Anything;

    private sealed class Observed : IEndpointConfigurationObserver
    {
        public List<string> Endpoints { get; } = [];

        public void EndpointConfigured<T>(T configurator)
            where T : IReceiveEndpointConfigurator => Endpoints.Add(configurator.InputAddress.Segments[^1]);
    }
}
