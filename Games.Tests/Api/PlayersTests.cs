using System.Net;
using System.Text.Json.Nodes;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Games.Tests.Api;

public sealed class PlayersTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private const string Other = "400000000000000002";
    private const string Third = "400000000000000003";

    private readonly NpgsqlDataSource _database;
    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public PlayersTests(TestDatabase database)
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

    [Fact]
    public async Task Whoever_joins_plays_and_beyond_the_seats_waits()
    {
        var id = (await _api.CreateGameAsync(Requests.ValidGame("maxPlayers", 1))).IdOf();

        Assert.Equal("""{"seat":"playing","place":null}""", (await _api.JoinGameAsync(id)).ToJsonString());
        Assert.Equal("""{"seat":"waiting","place":1}""", (await _api.JoinGameAsync(id, Other)).ToJsonString());
        Assert.Equal("""{"seat":"waiting","place":2}""", (await _api.JoinGameAsync(id, Third)).ToJsonString());

        var game = await _api.GetGameAsync(id);
        Assert.Equal([GameLife.Player], game.UserIds("players"));
        Assert.Equal([Other, Third], game.UserIds("waitingList"));
        Assert.Equal(4, (int?)game["version"]);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("{}", null)]
    [InlineData("""{"displayName":null}""", null)]
    [InlineData("""{"displayName":" Ada "}""", "Ada")]
    public async Task A_name_may_be_left_out_and_the_body_with_it(string? body, string? name)
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PutPlayerAsync(id, body: body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(name, (string?)(await _api.GetGameAsync(id))["players"]![0]!["displayName"]);
    }

    [Fact]
    public async Task A_repeat_changes_nothing()
    {
        var id = (await _api.CreateGameAsync(Requests.ValidGame("maxPlayers", 1))).IdOf();
        await _api.JoinGameAsync(id);
        await _api.JoinGameAsync(id, Other);

        using var response = await _api.PutPlayerAsync(id, Other, """{"displayName":"another"}""");

        Assert.Equal("""{"seat":"waiting","place":1}""", (await response.BodyAsync()).ToJsonString());
        var game = await _api.GetGameAsync(id);
        Assert.Equal((3, null), ((int?)game["version"], (string?)game["waitingList"]![0]!["displayName"]));
        Assert.Equal(["GameCreated", "PlayerJoined", "PlayerJoined"], (await _database.EventsAsync(id)).Select(x => x.Type));
    }

    [Fact]
    public async Task Whoever_leaves_lets_the_first_who_waits_play_and_a_repeat_changes_nothing()
    {
        var id = (await _api.CreateGameAsync(Requests.ValidGame("maxPlayers", 1))).IdOf();
        foreach (var user in new[] { GameLife.Player, Other, Third })
            await _api.JoinGameAsync(id, user);

        foreach (var _ in Enumerable.Range(0, 2))
        {
            using var response = await _api.DeletePlayerAsync(id);
            Assert.Equal((HttpStatusCode.NoContent, ""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        }

        var game = await _api.GetGameAsync(id);
        Assert.Equal([Other], game.UserIds("players"));
        Assert.Equal([Third], game.UserIds("waitingList"));
        Assert.Equal(5, (int?)game["version"]);
        var events = await _database.EventsAsync(id);
        Assert.Equal(["PlayerLeft", "PlayerPromoted"], events.Skip(4).Select(x => x.Type));
        Assert.Equal(
            (GameLife.Player, false, "tests", Other),
            ((string?)events[4].Message["userId"], (bool?)events[4].Message["hasWaited"], (string?)events[4].Message["by"],
                (string?)events[5].Message["userId"]));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("12345678901234567a")]
    [InlineData("123456789012345678901")]
    public async Task A_user_that_cannot_be_is_refused_by_its_name(string user)
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var join = await _api.PutPlayerAsync(id, user);
        using var leave = await _api.DeletePlayerAsync(id, user);

        await join.NamesAsync("userId", _host.Log);
        await leave.NamesAsync("userId", _host.Log);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("\"a\\nb\"")]
    [InlineData("\"\\u0000\"")]
    [InlineData(null)]
    public async Task A_name_that_cannot_be_is_refused_by_its_name(string? name)
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PutPlayerAsync(id, body: $$"""{"displayName":{{name ?? $"\"{new string('x', 101)}\""}}}""");

        await response.NamesAsync("displayName", _host.Log);
    }

    [Fact]
    public async Task The_user_is_the_one_in_the_address_whatever_the_body_says()
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PutPlayerAsync(id, body: $$"""{"userId":"{{Other}}","id":"019aa000-0000-7000-8000-000000000001"}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([GameLife.Player], (await _api.GetGameAsync(id)).UserIds("players"));
    }

    [Fact]
    public async Task A_game_that_is_not_open_is_a_conflict_but_whoever_is_not_there_has_left()
    {
        var id = (await _api.CreateGameAsync()).IdOf();
        await _api.JoinGameAsync(id);
        await _api.CancelGameAsync(id);

        using var join = await _api.PutPlayerAsync(id, Other);
        using var repeat = await _api.PutPlayerAsync(id);
        using var leave = await _api.DeletePlayerAsync(id);
        using var gone = await _api.DeletePlayerAsync(id, Other);

        foreach (var response in new[] { join, repeat, leave })
            await response.IsProblemAsync(HttpStatusCode.Conflict, _host.Log);
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
    }

    [Fact]
    public async Task The_person_after_the_thousandth_is_a_conflict()
    {
        var game = NewGame.With(maxPlayers: 100, scheduledAt: new(2131, 1, 1, 19, 0, 0, default));
        game.JoinBy(Enumerable.Range(0, 999).Select(x => $"{410000000000000000 + x}"));
        await using (var scope = _host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
            db.Add(game);
            await db.SaveChangesAsync();
        }

        Assert.Equal(900, (int?)(await _api.JoinGameAsync(game.Id))["place"]);
        using var response = await _api.PutPlayerAsync(game.Id, Other);
        await response.IsProblemAsync(HttpStatusCode.Conflict, _host.Log);
    }

    [Theory]
    [InlineData("019aa000-0000-7000-8000-000000000001")]
    [InlineData("no-uuid")]
    public async Task A_game_that_is_not_there_is_not_found(string id)
    {
        using var join = await _api.PutPlayerAsync(id);
        using var leave = await _api.DeletePlayerAsync(id);

        await join.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
        await leave.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
    }
}
