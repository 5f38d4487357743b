using System.Net;
using System.Text.Json.Nodes;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Games.Tests.Api;

public sealed class CancelGameTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public CancelGameTests(TestDatabase database)
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
    [InlineData(null, null)]
    [InlineData("{}", null)]
    [InlineData("""{"reason":null}""", null)]
    [InlineData("""{"reason":"  "}""", null)]
    [InlineData("""{"reason":" the host is ill\n"}""", "the host is ill")]
    public async Task A_game_is_cancelled_and_stays(string? body, string? reason)
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PostCancelAsync(id, body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("\"2.0\"", response.Headers.ETag?.Tag);
        var cancelled = await response.BodyAsync();
        Assert.Equal(("cancelled", reason, 2), ((string?)cancelled["status"], (string?)cancelled["cancelReason"], (int?)cancelled["version"]));
        Assert.Equal(cancelled.ToJsonString(), (await _api.GetGameAsync(id)).ToJsonString());
    }

    [Fact]
    public async Task A_repeat_changes_nothing()
    {
        var id = (await _api.CreateGameAsync()).IdOf();
        using var first = await _api.PostCancelAsync(id, """{"reason":"the first"}""");

        using var second = await _api.PostCancelAsync(id, """{"reason":"the second"}""");

        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.Equal((await first.BodyAsync()).ToJsonString(), (await second.BodyAsync()).ToJsonString());
        Assert.Equal(["GameCreated", "GameCancelled"], (await _database.EventsAsync(id)).Select(x => x.Type));
    }

    [Fact]
    public async Task Nothing_waits_for_a_cancelled_game_any_more()
    {
        var id = (await _api.CreateGameAsync(Requests.ValidGame("reminders", new JsonArray(60)))).IdOf();
        Assert.Equal(3, (await _database.ScheduledAsync(id)).Count);

        await _api.CancelGameAsync(id);

        Assert.Empty(await _database.ScheduledAsync(id));
    }

    [Fact]
    public async Task Nor_for_one_that_is_cancelled_while_it_is_played()
    {
        var id = (await _api.CreateGameAsync()).IdOf();
        await using (var scope = _host.Services.CreateAsyncScope())
        {
            var scheduledAt = new DateTimeOffset(2131, 1, 1, 19, 0, 0, TimeSpan.Zero);
            await scope.ServiceProvider.GetRequiredService<GameCommands>().StartAsync(new(id, scheduledAt), CancellationToken.None);
        }

        Assert.Equal("cancelled", (string?)(await _api.CancelGameAsync(id))["status"]);
        Assert.Empty(await _database.ScheduledAsync(id));
    }

    [Fact]
    public async Task The_event_says_all_that_is_needed_to_tell_so()
    {
        var id = (await _api.CreateGameAsync()).IdOf();
        await using (var insert = _database.CreateCommand(
            """
            INSERT INTO announcements (game_id, channel_id, message_id, text, created_at)
            VALUES ($1, '200000000000000001', '500000000000000001', 'x', now())
            """))
        {
            insert.Parameters.Add(new() { Value = id });
            await insert.ExecuteNonQueryAsync();
        }

        using var response = await _api.PostCancelAsync(id, """{"reason":"ill"}""");

        var cancelled = (await _database.EventsAsync(id)).Single(x => x.Type == "GameCancelled").Message;
        cancelled.Remove("at");
        Assert.Equal(
            $$"""
            {"gameId":"{{id}}","version":2,"guildId":"100000000000000001","channelId":"200000000000000001","messageId":"500000000000000001",
            "hostId":"300000000000000001","title":"Friday raid","scheduledAt":"2131-01-01T19:00:00+00:00","reason":"ill","by":"tests"}
            """.ReplaceLineEndings(""),
            cancelled.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        // The announcement is the same, and the game is another.
        Assert.Equal("\"2.1m\"", response.Headers.ETag?.Tag);
    }

    [Theory]
    [InlineData("""{"reason":7}""")]
    [InlineData("""{"reason":"\u0000"}""")]
    [InlineData(null)]
    public async Task A_reason_that_cannot_be_is_refused_by_its_name(string? body)
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PostCancelAsync(id, body ?? $$"""{"reason":"{{new string('x', 501)}}"}""");

        await response.NamesAsync("reason", _host.Log);
        Assert.Equal("scheduled", (string?)(await _api.GetGameAsync(id))["status"]);
    }

    [Fact]
    public async Task A_body_without_a_content_type_is_refused_and_not_overlooked()
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PostAsync($"/games/{id}/cancel", new ByteArrayContent("""{"reason":"ill"}"""u8.ToArray()));

        await response.IsProblemAsync(HttpStatusCode.UnsupportedMediaType, _host.Log);
    }

    [Fact]
    public async Task A_game_that_is_finished_is_a_conflict()
    {
        var game = NewGame.With();
        game.Finish(game.EndsAt, NewGame.Now);
        await using (var scope = _host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
            db.Add(game);
            await db.SaveChangesAsync();
        }

        using var response = await _api.PostCancelAsync(game.Id);

        await response.IsProblemAsync(HttpStatusCode.Conflict, _host.Log);
    }

    [Theory]
    [InlineData("019aa000-0000-7000-8000-000000000001")]
    [InlineData("no-uuid")]
    public async Task A_game_that_is_not_there_is_not_found(string id)
    {
        using var response = await _api.PostCancelAsync(id);

        await response.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
    }
}
