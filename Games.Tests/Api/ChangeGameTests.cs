using System.Net;
using System.Text.Json.Nodes;
using Games.Data;
using Games.Tests.Api.Access;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Api;

public sealed class ChangeGameTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public ChangeGameTests(TestDatabase database)
    {
        _database = NpgsqlDataSource.Create(database.ConnectionString);
        _host = new ApiHost(database.ConnectionString);
        _api = _host.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Theory]
    [InlineData("title", "\"Saturday raid\"")]
    [InlineData("description", "\"bring more snacks\"")]
    [InlineData("description", "null")]
    [InlineData("location", "\"Voice 2\"")]
    [InlineData("location", "null")]
    [InlineData("scheduledAt", "\"2131-02-01T19:00:00+00:00\"")]
    [InlineData("durationMinutes", "60")]
    [InlineData("durationMinutes", "null")]
    [InlineData("maxPlayers", "100")]
    [InlineData("reminders", "[1440,60]")]
    public async Task Only_what_is_sent_is_changed(string field, string value)
    {
        var before = await _api.CreateGameAsync();

        using var response = await _api.PatchGameAsync(before.IdOf(), $$"""{"{{field}}":{{value}}}""", "\"1.0\"");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("\"2.0\"", response.Headers.ETag?.Tag);
        var after = await response.BodyAsync();
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(value), after[field]), after.ToJsonString());
        Assert.Equal((2, true), ((int)after["version"]!, after["updatedAt"]!.ToString() != before["updatedAt"]!.ToString()));
        before[field] = JsonNode.Parse(value);
        (before["version"], before["updatedAt"]) = (2, after["updatedAt"]!.DeepClone());
        Assert.Equal(before.ToJsonString(), after.ToJsonString());
        Assert.Equal(before.ToJsonString(), (await _api.GetGameAsync(before.IdOf())).ToJsonString());
    }

    [Theory]
    [InlineData("reminders", "null", "[]")]
    [InlineData("title", "\"  trimmed \"", "\"trimmed\"")]
    [InlineData("location", "\"  \"", "null")]
    [InlineData("reminders", "[5,40320,1]", "[40320,5,1]")]
    public async Task What_may_be_empty_is_cleared_and_the_rest_put_in_form(string field, string sent, string kept)
    {
        var id = (await _api.CreateGameAsync(Requests.ValidGame("reminders", new JsonArray(60)))).IdOf();

        var after = await _api.ChangeGameAsync(id, $$"""{"{{field}}":{{sent}}}""");

        Assert.Equal(kept, after[field]?.ToJsonString() ?? "null");
    }

    [Theory]
    [InlineData("title", "null")]
    [InlineData("title", "\"\"")]
    [InlineData("title", "\"a\\nb\"")]
    [InlineData("title", "7")]
    [InlineData("description", "\"\\u0000\"")]
    [InlineData("location", "\"a\\nb\"")]
    [InlineData("scheduledAt", "null")]
    [InlineData("scheduledAt", "\"2020-01-01T00:00:00Z\"")]
    [InlineData("scheduledAt", "\"9999-12-31T23:00:00Z\"")]
    [InlineData("scheduledAt", "\"2131-01-01T20:00:00\"")]
    [InlineData("durationMinutes", "0")]
    [InlineData("durationMinutes", "1441")]
    [InlineData("maxPlayers", "null")]
    [InlineData("maxPlayers", "0")]
    [InlineData("maxPlayers", "101")]
    [InlineData("reminders", "[0]")]
    [InlineData("reminders", "[40321]")]
    [InlineData("reminders", "[60,60]")]
    [InlineData("reminders", "[1,2,3,4,5,6]")]
    [InlineData("reminders", "60")]
    [InlineData("reminders", "\"60\"")]
    public async Task What_no_game_may_be_is_refused_by_the_name_of_its_field(string field, string value)
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PatchGameAsync(id, $$"""{"location":"elsewhere","{{field}}":{{value}}}""", "*");

        await response.NamesAsync(field, _host.Log);
        Assert.Equal(1, (int?)(await _api.GetGameAsync(id))["version"]);
    }

    [Theory]
    [InlineData("title", 201)]
    [InlineData("description", 2001)]
    [InlineData("location", 501)]
    public async Task A_text_that_is_too_long_is_refused_by_its_name(string field, int length)
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PatchGameAsync(id, $$"""{"{{field}}":"{{new string('x', length)}}"}""", "*");

        await response.NamesAsync(field, _host.Log);
    }

    [Fact]
    public async Task A_reminder_that_is_no_number_is_refused_by_the_name_of_its_field()
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PatchGameAsync(id, """{"reminders":[60,"x"]}""", "*");

        var error = (await response.IsProblemAsync(HttpStatusCode.BadRequest, _host.Log))["errors"]![0]!;
        Assert.Equal(("reminders", "must be a list of whole numbers"), ((string)error["name"]!, (string)error["reason"]!));
    }

    [Fact]
    public async Task A_change_that_changes_nothing_is_answered_with_the_game_as_it_is()
    {
        var before = await _api.CreateGameAsync();

        using var response = await _api.PatchGameAsync(before.IdOf(), """{"title":" Friday raid ","maxPlayers":5,"unheardOf":1}""", "\"1.0\"");

        Assert.Equal("\"1.0\"", response.Headers.ETag?.Tag);
        Assert.Equal(before.ToJsonString(), (await response.BodyAsync()).ToJsonString());
        Assert.Equal(["GameCreated"], (await _database.EventsAsync(before.IdOf())).Select(x => x.Type));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"location":"Voice 2"}""")]
    public async Task A_game_that_is_not_open_is_a_conflict(string body)
    {
        var id = (await _api.CreateGameAsync()).IdOf();
        await _api.CancelGameAsync(id);

        using var response = await _api.PatchGameAsync(id, body, "*");

        await response.IsProblemAsync(HttpStatusCode.Conflict, _host.Log);
    }

    [Theory]
    [InlineData("019aa000-0000-7000-8000-000000000001")]
    [InlineData("no-uuid")]
    public async Task A_game_that_is_not_there_is_not_found(string id)
    {
        using var response = await _api.PatchGameAsync(id, "{}", "*");

        await response.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
    }

    [Fact]
    public async Task A_game_of_another_guild_is_not_there()
    {
        var id = (await _api.CreateGameAsync()).IdOf();
        using var stranger = await _host.CallerAsync([Scope.GamesRead, Scope.GamesWrite], "999999999999999999");

        using var change = await stranger.PatchGameAsync(id, """{"title":"mine"}""", "*");
        using var cancel = await stranger.PostCancelAsync(id);
        using var join = await stranger.PutPlayerAsync(id);
        using var leave = await stranger.DeletePlayerAsync(id);
        using var get = await stranger.GetAsync($"/games/{id}");

        foreach (var response in new[] { change, cancel, join, leave, get })
            await response.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
        Assert.Equal(1, (int?)(await _api.GetGameAsync(id))["version"]);
    }

    [Fact]
    public async Task The_change_and_what_follows_from_it_leave_in_their_order()
    {
        var id = (await _api.CreateGameAsync(Requests.ValidGame("maxPlayers", 2))).IdOf();
        foreach (var user in new[] { "400000000000000001", "400000000000000002", "400000000000000003" })
            await _api.JoinGameAsync(id, user);

        await _api.ChangeGameAsync(id, """{"maxPlayers":1}""");
        await _api.ChangeGameAsync(id, """{"maxPlayers":3}""");

        var events = await _database.EventsAsync(id);
        Assert.Equal(
            [
                "GameCreated", "PlayerJoined", "PlayerJoined", "PlayerJoined",
                "GameUpdated", "PlayerDemoted", "GameUpdated", "PlayerPromoted", "PlayerPromoted",
            ],
            events.Select(x => x.Type));
        Assert.Equal([1, 2, 3, 4, 5, 5, 6, 6, 6], events.Select(x => (int)x.Message["version"]!));
        var updated = events[4].Message;
        Assert.Equal(
            ("[\"maxPlayers\"]", 2, 1, "tests"),
            (updated["changed"]!.ToJsonString(), (int)updated["old"]!["maxPlayers"]!, (int)updated["new"]!["maxPlayers"]!, (string)updated["by"]!));
        Assert.Equal(("400000000000000002", 1), ((string?)events[5].Message["userId"], (int?)events[5].Message["waitingPlace"]));
    }

    [Fact]
    public async Task Reminders_start_and_end_wait_for_their_time_and_move_with_the_game()
    {
        var game = Requests.ValidGame("reminders", new JsonArray(1440, 60));
        var id = (await _api.CreateGameAsync(game)).IdOf();
        Assert.Equal(
            [
                ("remind-players", new(2130, 12, 31, 19, 0, 0, default)), ("remind-players", new(2131, 1, 1, 18, 0, 0, default)),
                ("start-game", new(2131, 1, 1, 19, 0, 0, default)), ("finish-game", new DateTimeOffset(2131, 1, 1, 21, 0, 0, default)),
            ],
            await DueAsync(id));

        await _api.ChangeGameAsync(id, """{"scheduledAt":"2131-01-02T19:00:00Z","durationMinutes":60}""");
        Assert.Equal(
            [
                ("remind-players", new(2131, 1, 1, 19, 0, 0, default)), ("remind-players", new(2131, 1, 2, 18, 0, 0, default)),
                ("start-game", new(2131, 1, 2, 19, 0, 0, default)), ("finish-game", new DateTimeOffset(2131, 1, 2, 20, 0, 0, default)),
            ],
            await DueAsync(id));
        Assert.All(
            (await _database.ScheduledAsync(id)).Take(3),
            x => Assert.Equal(new(2131, 1, 2, 19, 0, 0, default), (DateTimeOffset)x.Message["scheduledAt"]!));

        await _api.ChangeGameAsync(id, """{"reminders":[5]}""");
        Assert.Equal(
            [("remind-players", new DateTimeOffset(2131, 1, 2, 18, 55, 0, default)), ("start-game", default), ("finish-game", default)],
            (await DueAsync(id)).Select((x, i) => i == 0 ? x : (x.Queue, default)));
    }

    [Fact]
    public async Task A_change_of_anything_else_leaves_what_waits_as_it_is()
    {
        var id = (await _api.CreateGameAsync(Requests.ValidGame("reminders", new JsonArray(60)))).IdOf();
        var tokens = await TokensAsync(id);

        await _api.ChangeGameAsync(id, """{"title":"Saturday raid","maxPlayers":9,"reminders":[60]}""");

        Assert.Equal(tokens, await TokensAsync(id));
    }

    [Fact]
    public async Task A_reminder_whose_time_is_over_when_the_game_is_made_does_not_come()
    {
        var soon = TimeProvider.System.GetUtcNow().AddMinutes(30);
        var game = Requests.ValidGame("reminders", new JsonArray(60, 5));
        game["scheduledAt"] = $"{soon:yyyy-MM-ddTHH:mm:ss}Z";

        var id = (await _api.CreateGameAsync(game)).IdOf();

        Assert.Equal(["remind-players", "start-game", "finish-game"], (await DueAsync(id)).Select(x => x.Queue));
    }

    private async Task<(string Queue, DateTimeOffset Due)[]> DueAsync(Guid id) =>
        [.. (await _database.ScheduledAsync(id)).Select(x => (x.Queue, x.Due))];

    private async Task<Guid[]> TokensAsync(Guid id)
    {
        await using var command = _database.CreateCommand(
            """
            SELECT array_agg("SchedulingToken" ORDER BY "SchedulingToken") FROM "OutboxMessage" WHERE "EnqueueTime" IS NOT NULL AND "Body" LIKE $1
            """);
        command.Parameters.Add(new() { Value = $"%{id}%" });
        return (Guid[])(await command.ExecuteScalarAsync())!;
    }
}
