using System.Text.Json.Nodes;
using Games.Contracts;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Games.Tests.MainJob;

/// <summary>
/// The time of a game, over both services and the broker. Nobody waits for it: what is scheduled is made due in the table, as if it had been
/// scheduled for now.
/// </summary>
public sealed class GameLifeTests : IClassFixture<TestDatabase>, IClassFixture<TestBroker>, IAsyncDisposable
{
    private const string Player = "400000000000000001";
    private const string Waiting = "400000000000000002";

    private readonly string _address;
    private readonly string _broker;
    private readonly NpgsqlDataSource _database;

    public GameLifeTests(TestDatabase database, TestBroker broker)
    {
        (_address, _broker) = (database.ConnectionString, broker.ConnectionString);
        _database = NpgsqlDataSource.Create(_address);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Reminder_start_and_end_come_although_both_services_were_down_when_they_were_due()
    {
        await using var services = new RunningServices(_address, _broker);
        using var api = services.Client();
        await Task.WhenAll(services.Api.StartAsync(), services.Bot.StartAsync());
        var id = await CreateAsync(api);
        await api.JoinGameAsync(id, Player);
        await api.JoinGameAsync(id, Waiting);
        await AnnouncedAsync(id, "Players: 1/1");

        await WhileDownAsync(Queues.RemindPlayers);
        await RemindedAsync(id);

        await WhileDownAsync(Queues.StartGame);
        await IsAsync(id, "started");
        await AnnouncedAsync(id, "has started");

        await WhileDownAsync(Queues.FinishGame);
        await IsAsync(id, "finished");
        await AnnouncedAsync(id, "is over");
        Assert.Empty(await _database.ScheduledAsync(id));
        Assert.Equal(5, (int?)(await api.GetGameAsync(id))["version"]);

        async Task WhileDownAsync(string queue)
        {
            services.Api.Kill();
            services.Bot.Kill();
            await _database.MakeDueAsync(id, queue);
            await Task.WhenAll(services.Api.StartAsync(), services.Bot.StartAsync());
        }
    }

    [Theory]
    [InlineData(-24)]
    [InlineData(+24)]
    public async Task A_game_that_is_moved_keeps_its_new_time_only(int hours)
    {
        await using var night = await StartAsync();
        var id = await CreateAsync(night.Api);
        var old = (await _database.ScheduledAsync(id)).ConvertAll(x => x.Due);
        var oldStart = new StartGame(id, old[1]);

        await night.Api.ChangeGameAsync(id, $$"""{"scheduledAt":"{{old[1].AddHours(hours):yyyy-MM-ddTHH:mm:ss}}Z"}""");

        Assert.Equal(old.ConvertAll(x => x.AddHours(hours)), (await _database.ScheduledAsync(id)).ConvertAll(x => x.Due));
        // What had left before, and comes late.
        await night.SendAsync(Queues.RemindPlayers, new RemindPlayers(id, old[1], 60));
        await night.SendAsync(Queues.StartGame, oldStart);
        await night.SendAsync(Queues.FinishGame, new FinishGame(id, old[2]));
        await Until.TrueAsync(() => night.BotLog.Any(x => x.Contains($"Dropped the reminder 60 minutes before game {id}")), "it is dropped");

        await _database.MakeDueAsync(id, Queues.StartGame);
        await IsAsync(id, "started");
        Assert.Equal(3, (int?)(await night.Api.GetGameAsync(id))["version"]);
        await _database.MakeDueAsync(id, Queues.FinishGame);
        await IsAsync(id, "finished");
        await Until.TrueAsync(
            async () => (await EventsAsync(id)).SequenceEqual(["game.created", "game.updated", "game.started", "game.finished"]),
            "the journal tells the game's life");
    }

    [Fact]
    public async Task Nothing_comes_of_a_game_that_was_cancelled()
    {
        await using var night = await StartAsync();
        var id = await CreateAsync(night.Api);
        await night.Api.JoinGameAsync(id, Player);
        var start = (await _database.ScheduledAsync(id))[1].Due;

        await night.Api.CancelGameAsync(id);

        Assert.Empty(await _database.ScheduledAsync(id));
        await night.SendAsync(Queues.StartGame, new StartGame(id, start));
        await night.SendAsync(Queues.RemindPlayers, new RemindPlayers(id, start, 60));
        await Until.TrueAsync(() => night.BotLog.Any(x => x.Contains($"Dropped the reminder 60 minutes before game {id}")), "it is dropped");
        await AnnouncedAsync(id, "is cancelled");
        await IsAsync(id, "cancelled");
        await Until.TrueAsync(async () => (await ToldAsync(id)).SequenceEqual([Player]), "the player is told of the cancellation only");
    }

    [Theory]
    [InlineData(+5, 0)]
    [InlineData(-5, 0)]
    [InlineData(0, +5)]
    [InlineData(0, -5)]
    public async Task A_clock_that_is_wrong_by_five_minutes_moves_nothing(int api, int bot)
    {
        await using var night = await StartAsync(TimeSpan.FromMinutes(api), TimeSpan.FromMinutes(bot));
        // Sooner than the bot believes to be the start, when it is ahead.
        var start = TimeProvider.System.GetUtcNow().AddMinutes(10);
        var game = Requests.ValidGame("scheduledAt", $"{start:yyyy-MM-ddTHH:mm:ss}Z");
        (game["maxPlayers"], game["reminders"]) = (1, new JsonArray(2));
        var id = (await night.Api.CreateGameAsync(game)).IdOf();
        await night.Api.JoinGameAsync(id, Player);
        await night.Api.JoinGameAsync(id, Waiting);
        Assert.Equal(
            [-2, 0, 120], (await _database.ScheduledAsync(id)).Select(x => (int)Math.Round((x.Due - start).TotalMinutes)));
        // Two minutes before the start, for the database's clock.
        await using (var move = _database.CreateCommand(
            "UPDATE games SET scheduled_at = now() + interval '2 min' WHERE id = $1 RETURNING scheduled_at"))
        {
            move.Parameters.Add(new() { Value = id });
            var moved = (DateTime)(await move.ExecuteScalarAsync())!;
            await night.SendAsync(Queues.RemindPlayers, new RemindPlayers(id, moved, 2));
            await RemindedAsync(id);

            await night.SendAsync(Queues.StartGame, new StartGame(id, moved));
            await IsAsync(id, "started");
        }

        await AnnouncedAsync(id, "has started");
        await Until.TrueAsync(
            async () => (await EventsAsync(id)).Count(x => x is "game.started" or "game.reminder_due") == 2, "each has happened once");
    }

    private async Task<Night> StartAsync(TimeSpan api = default, TimeSpan bot = default)
    {
        var night = new Night(
            // The table is looked at often: what the test makes due wakes nobody.
            new(_address, _broker, services => services.AddSingleton<TimeProvider>(new WrongClock(api)), ("Outbox:PollInterval", "00:00:01")),
            new(_address, _broker, services => services.AddSingleton<TimeProvider>(new WrongClock(bot)), ("Outbox:PollInterval", "00:00:01")));
        await night.ReadyAsync();
        return night;
    }

    private static async Task<Guid> CreateAsync(HttpClient api)
    {
        var game = Requests.ValidGame("reminders", new JsonArray(60));
        game["maxPlayers"] = 1;
        return (await api.CreateGameAsync(game)).IdOf();
    }

    private Task RemindedAsync(Guid id) => Until.TrueAsync(
        async () => (await ToldAsync(id)).SequenceEqual(["300000000000000001", Player]), "host and player are reminded");

    private Task IsAsync(Guid id, string status) => Until.TrueAsync(
        async () => (await QueryAsync("SELECT status FROM games WHERE id = $1", id)).SequenceEqual([status]), $"the game is {status}");

    private Task AnnouncedAsync(Guid id, string text) => Until.TrueAsync(
        async () => (await QueryAsync("SELECT text FROM announcements WHERE game_id = $1", id)).Any(x => x.Contains(text)),
        $"the announcement says {text}");

    private Task<List<string>> ToldAsync(Guid id) => QueryAsync("SELECT user_id FROM direct_messages WHERE game_id = $1 ORDER BY user_id", id);

    private Task<List<string>> EventsAsync(Guid id) => QueryAsync(
        "SELECT event_type FROM events WHERE payload->>'gameId' = $1::text ORDER BY (payload->>'version')::int, number", id);

    private async Task<List<string>> QueryAsync(string sql, Guid id)
    {
        await using var command = _database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync();
        List<string> found = [];
        while (await reader.ReadAsync())
            found.Add(reader.GetString(0));
        return found;
    }

    private sealed class WrongClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }

    private sealed class Night(ApiHost apiHost, BotHost botHost) : IAsyncDisposable
    {
        public HttpClient Api { get; } = apiHost.CreateClient();

        public IReadOnlyCollection<string> BotLog => botHost.Log.Lines;

        public async Task ReadyAsync()
        {
            using var bot = botHost.CreateClient();
            await bot.ReadyAsync();
        }

        public async Task SendAsync(string queue, object message) =>
            await (await botHost.Services.GetRequiredService<IBus>().GetSendEndpoint(new($"queue:{queue}"))).Send(message, message.GetType());

        public async ValueTask DisposeAsync()
        {
            Api.Dispose();
            await apiHost.DisposeAsync();
            await botHost.DisposeAsync();
        }
    }
}
