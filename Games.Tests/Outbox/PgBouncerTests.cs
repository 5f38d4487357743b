using System.Net;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Outbox;

/// <summary>The whole system behind PgBouncer in transaction mode.</summary>
public sealed class PgBouncerTests(PooledDatabase database, TestBroker broker) : IClassFixture<PooledDatabase>, IClassFixture<TestBroker>
{
    private static readonly (string, string)[] Deaf = [("Outbox:Notifications", "false"), ("Journal:Notifications", "false")];

    [Fact]
    public async Task Without_notifications_it_migrates_takes_games_and_announces_them()
    {
        await MigrateAsync();
        await TestKey.AddAsync(database.Direct);
        await using var bot = new BotHost(database.ConnectionString, broker.ConnectionString, settings: Deaf);
        using var botClient = bot.CreateClient();
        await using var api = new ApiHost(database.ConnectionString, broker.ConnectionString, settings: Deaf);
        using var client = api.CreateClient();
        await botClient.ReadyAsync();
        await client.ReadyAsync();

        await CreateAndAnnounceAsync(client, 50);

        Assert.DoesNotContain(api.Log.Lines.Concat(bot.Log.Lines), x => x.Contains("prepared statement"));
        // Those of a transaction go with it; one of a session would stay with the pooler's connection.
        await Until.TrueAsync(
            async () => await ScalarAsync("""
                select count(*) from pg_locks where locktype = 'advisory'
                    and database = (select oid from pg_database where datname = current_database())
                """) is 0L,
            "no advisory lock is left");
    }

    [Fact]
    public async Task With_notifications_it_is_seen_that_none_arrive_readiness_says_so_and_work_flows()
    {
        await MigrateAsync();
        await TestKey.AddAsync(database.Direct);
        (string, string)[] soon = [("Outbox:PollInterval", "00:00:00.500"), ("Journal:PollInterval", "00:00:00.500"),
            ("Outbox:KeepAliveTimeout", "00:00:01"), ("Journal:KeepAliveTimeout", "00:00:01")];
        await using var bot = new BotHost(database.ConnectionString, broker.ConnectionString, settings: soon);
        using var botClient = bot.CreateClient();
        await using var api = new ApiHost(database.ConnectionString, broker.ConnectionString, settings: soon);
        using var client = api.CreateClient();

        await Until.TrueAsync(() => api.Log.Lines.Any(x => x.Contains("Outbox") && x.Contains("pooler in transaction mode"))
            && api.Log.Lines.Any(x => x.Contains("Journal") && x.Contains("pooler in transaction mode")), "the log says so");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health/ready")).StatusCode);

        await CreateAndAnnounceAsync(client, 20);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health/ready")).StatusCode);
    }

    private async Task MigrateAsync()
    {
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Migrations.ApplyAsync(database.ConnectionString)));
        Assert.Empty(await Migrations.ApplyAsync(database.ConnectionString));
    }


    private async Task CreateAndAnnounceAsync(HttpClient client, int count)
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            using var response = await client.PostGameAsync(Requests.ValidGame());
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);

            return Guid.Parse(response.Headers.Location!.OriginalString.Split('/')[^1]);
        }));

        await Until.TrueAsync(async () =>
            (long)(await ScalarAsync("select count(*) from announcements where game_id = any($1)", ids))! == count, "all are announced");
        // Starts and ends wait for their time.
        await Until.TrueAsync(
            async () => (long)(await ScalarAsync("""select count(*) from "OutboxMessage" where "EnqueueTime" is null"""))! == 0, "all has left");
    }

    private async Task<object?> ScalarAsync(string sql, params object[] values)
    {
        await using var source = NpgsqlDataSource.Create(database.Direct);
        await using var command = source.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });

        return await command.ExecuteScalarAsync();
    }
}
