using System.Net;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Data;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Tests.Bot;

/// <summary>On a real RabbitMQ, published to as any client could: no MassTransit on this side.</summary>
public sealed class BotReadinessTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private const string Queue = "announce-game";

    [Fact]
    public async Task What_is_sent_the_moment_the_bot_is_ready_is_consumed()
    {
        // All is prepared before the bot starts, so that nothing lies between its first yes and the message.
        var game = NewGame.With();
        await using (var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(database.ConnectionString).Options))
        {
            db.Add(game);
            await db.SaveChangesAsync();
        }

        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        // A queue that the bot cannot take over: it is connected, and still must not say that it is ready.
        await channel.QueueDeleteAsync(Queue);
        await channel.QueueDeclareAsync(Queue, durable: false, exclusive: false, autoDelete: false);
        await using var host = new BotHost(database.ConnectionString, broker.ConnectionString);
        using var bot = host.CreateClient();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bot.GetAsync("/health/ready")).StatusCode);

        await channel.QueueDeleteAsync(Queue);
        await bot.ReadyAsync();
        await channel.PublishAsync(game);

        await Until.TrueAsync(() => IsAnnouncedAsync(game.Id), "the game is announced");
    }

    [Fact]
    public async Task Without_its_broker_the_bot_lives_and_is_not_ready()
    {
        await using var host = new BotHost(database.ConnectionString, ApiHost.NoBroker);
        using var bot = host.CreateClient();

        Assert.Equal(HttpStatusCode.OK, (await bot.GetAsync("/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bot.GetAsync("/health/ready")).StatusCode);
        // However often it is asked: the log has once that it is not ready, and not each answer.
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains("was answered 503"));
        Assert.Contains(host.Log.Lines, line => line.Contains("Not ready yet: "));
    }

    [Fact]
    public async Task Without_its_database_the_bot_lives_and_is_not_ready()
    {
        await using var host = new BotHost("Host=127.0.0.1;Port=1;Database=games", broker.ConnectionString);
        using var bot = host.CreateClient();
        await Until.TrueAsync(() => IsBusHealthy(host), "the bus is up");

        Assert.Equal(HttpStatusCode.OK, (await bot.GetAsync("/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bot.GetAsync("/health/ready")).StatusCode);
    }

    private static bool IsBusHealthy(BotHost host) =>
        host.Services.GetRequiredService<IBusControl>().CheckHealth().Status is BusHealthStatus.Healthy;

    private async Task<bool> IsAnnouncedAsync(Guid gameId)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand("select exists (select from announcements where game_id = $1)");
        command.Parameters.Add(new() { Value = gameId });
        return (bool)(await command.ExecuteScalarAsync())!;
    }
}
