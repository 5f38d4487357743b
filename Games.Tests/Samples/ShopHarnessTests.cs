extern alias Shop;

using System.Net.Http.Json;
using Games.Tests.Docs;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Shop::Shop;

namespace Games.Tests.Samples;

/// <summary>A service with the outbox in MassTransit's harness, as the guide tests it: a database, and no broker.</summary>
public sealed class ShopHarnessTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    [Fact]
    public async Task An_order_is_placed_consumed_and_shipped()
    {
        await RunningShop.MigrateAsync(database.ConnectionString);
        var connectionString = database.ConnectionString;

        await using var shop = new WebApplicationFactory<ShopContext>().WithWebHostBuilder(host =>
        {
            host.UseSetting("ConnectionStrings:Shop", connectionString);
            host.UseSetting("ConnectionStrings:RabbitMq", "amqp://not-asked/");
            host.ConfigureServices(services => services.AddMassTransitTestHarness(bus =>
                bus.SetTestTimeouts(testInactivityTimeout: TimeSpan.FromSeconds(10)))); // of 1.2 s; the first message of a process may take longer
        });
        using var client = shop.CreateClient();
        var harness = shop.Services.GetTestHarness();

        var placed = await client.PostAsJsonAsync("/orders", new { product = "dice" });

        placed.EnsureSuccessStatusCode();
        Assert.True(await harness.Published.Any<OrderPlaced>());
        Assert.True(await harness.Consumed.Any<OrderPlaced>());
        Assert.True(await harness.Published.Any<OrderShipped>());
    }

    [Fact]
    public void The_guide_quotes_it_word_for_word()
    {
        var quoted = MarkdownBlock.AllOf("Games.Outbox/README.md").Single(block => block is { Section: "Test it", Language: "csharp" }).Text;
        var here = Architecture.Repository.Sources("Games.Tests/Samples").Single(source => source.Name.EndsWith("/ShopHarnessTests.cs")).Text;

        Assert.Contains(string.Join('\n', quoted.Split('\n').Select(line => line.Length == 0 ? line : $"        {line}")), here);
    }
}
