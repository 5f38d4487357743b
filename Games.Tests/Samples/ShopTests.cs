using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Games.AppHost.Servers;
using Games.Tests.Api;
using Games.Tests.Architecture;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Samples;

/// <summary>The service of the outbox's guide, without its first migration: what a newcomer forgets first.</summary>
public sealed class ShopWithoutTablesTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task Without_its_migration_it_is_told_which_table_is_missing_and_what_to_do()
    {
        using var shop = new RunningShop(database.ConnectionString, broker.ConnectionString);

        await Until.TrueAsync(
            () => shop.Log.Any(line => line.Contains("table OutboxState is missing: add a migration for ShopContext")),
            "the missing table is named");
        await Until.TrueAsync(
            () => shop.Log.Any(line => line.Contains("table OutboxMessage is missing: add a migration for ShopContext")),
            "the listener names its own");

        Assert.DoesNotContain(shop.Log, line => line.Contains("does not answer"));
    }
}

/// <summary>The service of the outbox's guide.</summary>
public sealed class ShopTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task An_order_is_placed_and_shipped_once_it_is_committed()
    {
        await RunningShop.MigrateAsync(database.ConnectionString);
        using var shop = new RunningShop(database.ConnectionString, broker.ConnectionString);
        await shop.ListensAsync();

        using var placed = await shop.Api.PostAsJsonAsync("/orders", new { product = "dice" });

        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        await Until.TrueAsync(
            async () => (await shop.Api.GetFromJsonAsync<JsonObject>(placed.Headers.Location))!["shippedAt"] is not null, "the order is shipped");
        await Until.TrueAsync(async () => await CountAsync("OutboxMessage") is 0, "its two messages have left");
        Assert.Equal(1L, await CountAsync("InboxState"));
        Assert.Equal("Healthy", await shop.Api.GetStringAsync("/health/outbox"));
    }

    private async Task<long> CountAsync(string table)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"select count(*) from \"{table}\"", connection);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}

/// <summary>The service of the outbox's guide while nobody answers where its broker should be.</summary>
public sealed class ShopWithoutBrokerTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    [Fact]
    public async Task Without_its_broker_it_takes_orders_and_says_so_without_a_stack()
    {
        await RunningShop.MigrateAsync(database.ConnectionString);
        using var shop = new RunningShop(database.ConnectionString, ApiHost.NoBroker);
        await shop.ListensAsync();

        using var placed = await shop.Api.PostAsJsonAsync("/orders", new { product = "cards" });

        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        await Until.TrueAsync(() => shop.Log.Any(line => line.Contains("The broker is not available")), "the outage is told");
        Assert.DoesNotContain(shop.Log, line => line.TrimStart().StartsWith("at ", StringComparison.Ordinal));
        Assert.Null((await shop.Api.GetFromJsonAsync<JsonObject>(placed.Headers.Location))!["shippedAt"]);
    }
}
