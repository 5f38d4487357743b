using System.Collections.Concurrent;
using System.Net;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Tests.Bot;

/// <summary>A table is altered under load: sessions that have planned their statements for it as it was are refused them once.</summary>
public sealed class AlteredTableTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    [Theory]
    [InlineData("alter table games alter column title type varchar(300)")]
    [InlineData("alter table \"OutboxMessage\" alter column \"ContentType\" type varchar(300)")]
    [InlineData("alter table events alter column source type varchar(300)")]
    public async Task No_request_meets_an_error_of_ours_and_no_message_is_given_up(string alter)
    {
        await using var apiHost = new ApiHost(database.ConnectionString, broker.ConnectionString);
        await using var botHost = new BotHost(database.ConnectionString, broker.ConnectionString);
        using var api = apiHost.CreateClient();
        using var bot = botHost.CreateClient();
        await bot.ReadyAsync();
        var (answers, created) = (new ConcurrentQueue<HttpStatusCode>(), new ConcurrentQueue<Guid>());
        using var end = new CancellationTokenSource();
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                using var response = await api.PostGameAsync(Requests.ValidGame());
                answers.Enqueue(response.StatusCode);
                if (response.StatusCode is HttpStatusCode.Created)
                    created.Enqueue((Guid)(await response.BodyAsync())["id"]!);
                using var list = await api.GetAsync("/games");
                answers.Enqueue(list.StatusCode);
            }
        })).ToArray();

        // Enough for each session to have prepared what it runs.
        await Until.TrueAsync(() => created.Count > 300, "games are made");
        await SqlAsync(alter);
        var altered = created.Count;
        await Until.TrueAsync(() => created.Count > altered + 300, "games are made again");
        await end.CancelAsync();
        await Task.WhenAll(load);

        Assert.DoesNotContain(answers, answer => answer is not (HttpStatusCode.Created or HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable));
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(database.ConnectionString).Options);
        var games = created.ToArray();
        await Until.TrueAsync(
            async () => await db.Announcements.CountAsync(announcement => games.Contains(announcement.GameId)) == games.Length, "all are announced");
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        Assert.Equal(0u, await channel.MessageCountAsync("announce-game_error"));
    }

    private async Task SqlAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
