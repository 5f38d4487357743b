using Games.Data;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Tests.Bot;

/// <summary>The connection breaks while the bot works, and RabbitMQ lives on.</summary>
public sealed class BotConnectionTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task The_bot_consumes_again_when_its_connection_broke_before_an_announcement_was_committed()
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await ExecuteAsync(source,
            """
            CREATE FUNCTION hold_commit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END$$;
            CREATE CONSTRAINT TRIGGER hold_commit AFTER INSERT ON announcements
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold_commit();
            """);
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        await using var host = new BotHost(
            database.ConnectionString, through, null,
            ("Logging:LogLevel:MassTransit", "Debug"), ("Logging:LogLevel:MassTransit.ReceiveTransport", "Debug"),
            ("Logging:LogLevel:MassTransit.Messages", "Debug"));
        using var bot = host.CreateClient();
        await bot.ReadyAsync();
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var (held, later) = (await StoredGameAsync(), await StoredGameAsync());

        await using (var holder = await source.OpenConnectionAsync())
        {
            await ExecuteAsync(holder, "SELECT pg_advisory_lock(4711)");
            await channel.PublishAsync(held);
            await Until.TrueAsync(
                async () => await CountAsync(
                    source, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted") == 1,
                "the bot stands in its commit");
            line.Cut();
            await Until.TrueAsync(() => host.Log.Lines.Any(x => x.Contains("Consumer Stopping")), "the bot knows that its connection is gone");
            await ExecuteAsync(holder, "SELECT pg_advisory_unlock(4711)");
        }

        // The delivery was acknowledged on a closed channel. If it waited for the deliveries of that channel, it would wait for itself.
        await Until.TrueAsync(
            () => host.Log.Lines.Any(x => x.Contains("Consumer Completed") && x.Contains("announce-game")),
            "the delivery and its endpoint have ended");
        await bot.ReadyAsync();
        await channel.PublishAsync(later);
        await Until.TrueAsync(
            async () => await CountAsync(source, $"SELECT count(*) FROM announcements WHERE game_id = '{later.Id}'") == 1,
            "the later game is announced");
        await Until.TrueAsync(async () => await channel.MessageCountAsync("announce-game") == 0, "the queue is empty");
        Assert.Equal(1, await CountAsync(source, $"SELECT count(*) FROM announcements WHERE game_id = '{held.Id}'"));
        Assert.DoesNotContain(host.Log.Lines, x => x.Contains("_error"));
    }

    private async Task<Game> StoredGameAsync()
    {
        var game = NewGame.With();
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(database.ConnectionString).Options);
        db.Add(game);
        await db.SaveChangesAsync();

        return game;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var connection = await source.OpenConnectionAsync();
        await ExecuteAsync(connection, sql);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<long> CountAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);

        return (long)(await command.ExecuteScalarAsync())!;
    }
}
