using Games.Data;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Games.Tests.Bot;

/// <summary>The database is away while events come.</summary>
public sealed class BotDatabaseTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task An_event_that_comes_while_the_database_is_away_waits_for_it_and_uses_up_no_attempt()
    {
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(database.ConnectionString).Options);
        // As PostgreSQL answers while it starts, for more attempts than a message has that fails by itself.
        // A sequence counts what is rolled back, too.
        await db.Database.ExecuteSqlRawAsync("""
            CREATE SEQUENCE attempts;
            CREATE FUNCTION starting() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
                IF nextval('attempts') <= 8 THEN RAISE EXCEPTION 'the database system is starting up' USING ERRCODE = '57P03'; END IF;
                RETURN NEW;
            END$$;
            CREATE TRIGGER starting BEFORE INSERT ON "InboxState" FOR EACH ROW EXECUTE FUNCTION starting();
            """);
        var game = NewGame.With();
        db.Add(game);
        await db.SaveChangesAsync();
        await using var host = new BotHost(database.ConnectionString, broker.ConnectionString);
        using var bot = host.CreateClient();
        await bot.ReadyAsync();
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));

        await channel.PublishAsync(game);

        await Until.TrueAsync(
            async () => await db.Announcements.AsNoTracking().AnyAsync(announcement => announcement.GameId == game.Id)
                || await HasErrorsAsync(connection),
            "the game is announced, or given up");
        Assert.False(await HasErrorsAsync(connection));
        Assert.Equal(9, await db.Database.SqlQueryRaw<long>("""SELECT last_value AS "Value" FROM attempts""").SingleAsync());
    }

    private static async Task<bool> HasErrorsAsync(IConnection connection)
    {
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            return (await channel.QueueDeclarePassiveAsync("announce-game_error")).MessageCount > 0;
        }
        catch (OperationInterruptedException)
        {
            // No such queue: nothing was ever given up.
            return false;
        }
    }
}
