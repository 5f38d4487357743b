using System.Net;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Games.Tests.Bot;

/// <summary>The database answers and takes nothing: no message is to blame, so each waits, and the bot says so.</summary>
public sealed class DatabaseOutOfOrderTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private const int Games = 30;

    private const string Hide = "alter table announcements rename to hidden";
    private const string Show = "alter table hidden rename to announcements";

    private readonly string _name = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;

    [Theory]
    [InlineData("25006", "alter database {0} set default_transaction_read_only = on", "alter database {0} reset default_transaction_read_only")]
    [InlineData("42P01", Hide, Show)]
    [InlineData(
        "42703", "alter table announcements rename column text to hidden", "alter table announcements rename column hidden to text")]
    [InlineData("28P01")]
    [InlineData("53100")]
    [InlineData("53300")]
    public async Task Messages_wait_until_it_is_mended_and_none_is_given_up(string state, string? fault = null, string? mend = null)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync();
        var games = await PublishedAsync(connection);
        await SqlAsync(fault ?? Raise(state));
        // Those of the bot before: the one that starts now is to have none that began before the fault.
        NpgsqlConnection.ClearAllPools();
        await using var host = new BotHost(database.ConnectionString, broker.ConnectionString);
        using var bot = host.CreateClient();
        try
        {
            // Longer than the attempts of a message last that is to blame.
            var enough = DateTimeOffset.UtcNow.AddSeconds(12);
            await Until.TrueAsync(
                async () => DateTimeOffset.UtcNow > enough
                    && (await bot.GetAsync("/health/ready")) is { StatusCode: HttpStatusCode.ServiceUnavailable } red
                    && (await red.Content.ReadAsStringAsync()) is var why && why.Contains("30 message(s) wait") && why.Contains(state),
                "the bot says that all of them wait, and why");
            // All that needs the database meets what is read-only, and one line tells of it; the other faults are met by the messages alone.
            Assert.Contains(host.Log.Lines, line => line.Contains($"({state})") && line.StartsWith(
                state is "25006" ? "Warning: The database is not available" : "Error: Messages wait for the database", StringComparison.Ordinal));
        }
        finally
        {
            await SqlAsync(mend ?? "drop trigger refuse on announcements");
        }

        await Until.TrueAsync(async () => await AnnouncedAsync(games) == games.Length, "all are announced");
        await bot.ReadyAsync();
        Assert.Equal(0u, await ErrorsAsync(connection));
    }

    [Fact]
    public async Task A_bot_that_is_stopped_while_its_messages_wait_leaves_them_to_the_next()
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync();
        var games = await PublishedAsync(connection);
        await SqlAsync(Hide);
        try
        {
            await using var host = new BotHost(database.ConnectionString, broker.ConnectionString);
            host.StartServer();
            await Until.TrueAsync(() => host.Log.Lines.Any(line => line.Contains("Messages wait for the database")), "the messages wait");
        }
        finally
        {
            await SqlAsync(Show);
        }

        Assert.Equal(0u, await ErrorsAsync(connection));
        await using var next = new BotHost(database.ConnectionString, broker.ConnectionString);
        next.StartServer();
        await Until.TrueAsync(async () => await AnnouncedAsync(games) == games.Length, "all are announced");
        Assert.Equal(0u, await ErrorsAsync(connection));
    }

    private static string Raise(string state) => $$"""
        create or replace function refuse() returns trigger language plpgsql as $body$
        begin raise exception 'out of order' using errcode = '{{state}}'; end $body$;
        create trigger refuse before insert on announcements for each row execute function refuse()
        """;

    /// <summary>Games whose events wait in the queue of a bot that does not run.</summary>
    private async Task<Guid[]> PublishedAsync(IConnection connection)
    {
        await using (var host = new BotHost(database.ConnectionString, broker.ConnectionString))
        {
            using var bot = host.CreateClient();
            await bot.ReadyAsync();
        }

        var games = Enumerable.Range(0, Games).Select(_ => NewGame.With()).ToArray();
        await using var db = Context();
        db.AddRange(games.AsEnumerable());
        await db.SaveChangesAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        foreach (var game in games)
            await channel.PublishAsync(game);
        return [.. games.Select(game => game.Id)];
    }

    private async Task<int> AnnouncedAsync(Guid[] games)
    {
        await using var db = Context();
        return await db.Announcements.CountAsync(announcement => games.Contains(announcement.GameId));
    }

    private static async Task<uint> ErrorsAsync(IConnection connection)
    {
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            return await channel.MessageCountAsync("announce-game_error");
        }
        catch (OperationInterruptedException)
        {
            // No such queue: nothing was ever given up.
            return 0;
        }
    }

    /// <summary>On a session that is not read-only, whatever the default of the database is.</summary>
    private async Task SqlAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{database.ConnectionString};Pooling=false;Options=-c default_transaction_read_only=off");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql.Replace("{0}", _name), connection);
        await command.ExecuteNonQueryAsync();
    }

    private GamesDbContext Context() => new(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(database.ConnectionString).Options);
}
