extern alias Api;

using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using FastEndpoints;
using Games.Tests.Architecture;
using Games.Tests.Servers;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Games.Tests.Api.Ops;

/// <summary>/ops/outbox, on an API whose broker does not exist: what it publishes waits.</summary>
public sealed class OutboxEndpointsTests : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly NpgsqlDataSource _database;
    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public OutboxEndpointsTests(TestDatabase database)
    {
        _database = NpgsqlDataSource.Create(database.ConnectionString);
        _host = new ApiHost(database.ConnectionString);
        _api = _host.CreateClient();
    }

    public async ValueTask InitializeAsync() => await SqlAsync("""DELETE FROM "OutboxMessage"; DELETE FROM "OutboxState" """);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task The_summary_counts_what_waits()
    {
        await _api.CreateGameAsync();
        await _api.CreateGameAsync();
        await KillAsync(await NumberOfAsync(await _api.CreateGameAsync()));

        var summary = await SummaryAsync();

        // The start and the end of each game.
        Assert.Equal((2, 1, 6), ((int)summary["pending"]!["rows"]!, (int)summary["dead"]!["rows"]!, (int)summary["scheduled"]!["rows"]!));
        Assert.InRange((double)summary["oldestPendingSeconds"]!, 0, 60);
        Assert.False((bool)summary["pending"]!["orMore"]!);
    }

    [Fact]
    public async Task Pages_lead_on_to_all_messages_of_a_state_and_hold_no_body()
    {
        for (var i = 0; i < 5; i++)
            await _api.CreateGameAsync();
        await KillAsync(await NumberOfAsync(await _api.CreateGameAsync()));
        var numbers = new List<long>();
        var cursor = (string?)"";

        while (cursor is not null)
        {
            var page = await BodyAsync(await _api.GetAsync($"/ops/outbox/messages?state=pending&limit=2{cursor}"));
            Assert.All(page["items"]!.AsArray(), x => Assert.Equal("urn:message:Games.Contracts:GameCreated", (string)x!["messageType"]!));
            Assert.DoesNotContain("Friday raid", page.ToJsonString());
            numbers.AddRange(page["items"]!.AsArray().Select(x => (long)x!["sequenceNumber"]!));
            cursor = page["nextCursor"] is { } next ? $"&cursor={Uri.EscapeDataString((string)next!)}" : null;
        }

        Assert.Equal(5, numbers.Distinct().Count());
        Assert.Equal(5, numbers.Count);
        var dead = Assert.Single((await BodyAsync(await _api.GetAsync("/ops/outbox/messages?state=dead")))["items"]!.AsArray())!;
        Assert.Equal(("hopeless", 10), ((string)dead["lastError"]!, (int)dead["attempts"]!));
    }

    [Theory]
    [InlineData("state=lost", "state")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("cursor=elsewhere", "cursor")]
    public async Task A_page_that_cannot_be_is_a_bad_request_that_names_the_field(string query, string field)
    {
        using var response = await _api.GetAsync($"/ops/outbox/messages?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(field, await response.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task One_message_shows_its_body_and_its_headers()
    {
        var game = await _api.CreateGameAsync();

        var message = await BodyAsync(await _api.GetAsync($"/ops/outbox/messages/{await NumberOfAsync(game)}"));

        Assert.Equal((string?)game["id"], (string?)message["json"]!["message"]!["gameId"]);
        Assert.EndsWith("game.created", (string)message["message"]!["destination"]!);
        Assert.Null(message["bytes"]);
        Assert.Equal(HttpStatusCode.NotFound, (await _api.GetAsync("/ops/outbox/messages/999999999")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _api.GetAsync("/ops/outbox/messages/first")).StatusCode);
    }

    [Fact]
    public async Task A_dead_message_is_retried_and_one_that_is_not_is_a_conflict()
    {
        var number = await NumberOfAsync(await _api.CreateGameAsync());
        await KillAsync(number);

        Assert.Equal(HttpStatusCode.NoContent, (await _api.PostAsync($"/ops/outbox/messages/{number}/retry", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await _api.PostAsync($"/ops/outbox/messages/{number}/retry", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _api.PostAsync("/ops/outbox/messages/999999999/retry", null)).StatusCode);

        Assert.Equal(0, (int)(await SummaryAsync())["dead"]!["rows"]!);
    }

    [Fact]
    public async Task All_dead_messages_are_retried()
    {
        for (var i = 0; i < 3; i++)
            await KillAsync(await NumberOfAsync(await _api.CreateGameAsync()));

        var answer = await BodyAsync(await _api.PostAsync("/ops/outbox/retry", null));

        Assert.Equal(3, (int)answer["retried"]!);
        Assert.Equal((0, 3), ((int)(await SummaryAsync())["dead"]!["rows"]!, (int)(await SummaryAsync())["pending"]!["rows"]!));
    }

    [Fact]
    public async Task A_message_is_discarded_but_not_while_it_is_leased()
    {
        var number = await NumberOfAsync(await _api.CreateGameAsync());
        await SqlAsync($"""UPDATE "OutboxMessage" SET "LockId" = gen_random_uuid(), "LockedUntil" = now() + interval '1 hour' """
            + $"""WHERE "SequenceNumber" = {number}""");
        Assert.Equal(HttpStatusCode.Conflict, (await _api.DeleteAsync($"/ops/outbox/messages/{number}")).StatusCode);
        await SqlAsync($"""UPDATE "OutboxMessage" SET "LockId" = NULL, "LockedUntil" = NULL WHERE "SequenceNumber" = {number}""");

        Assert.Equal(HttpStatusCode.NoContent, (await _api.DeleteAsync($"/ops/outbox/messages/{number}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _api.DeleteAsync($"/ops/outbox/messages/{number}")).StatusCode);

        Assert.Equal(0, (int)(await SummaryAsync())["pending"]!["rows"]!);
    }

    [Fact]
    public async Task Paused_the_API_still_takes_games_and_says_since_when_and_by_whom()
    {
        var paused = await BodyAsync(await _api.PostAsync("/ops/outbox/pause?by=anna", null));
        Assert.Equal("anna", (string)paused["paused"]!["by"]!);
        var again = await BodyAsync(await _api.PostAsync("/ops/outbox/pause", null));
        Assert.Equal(paused["paused"]!.ToJsonString(), again["paused"]!.ToJsonString());

        await _api.CreateGameAsync();

        Assert.Equal(1, (int)(await SummaryAsync())["pending"]!["rows"]!);
        Assert.Null((await BodyAsync(await _api.PostAsync("/ops/outbox/resume", null)))["paused"]);
        Assert.Equal(HttpStatusCode.BadRequest, (await _api.PostAsync("/ops/outbox/pause?by=an%0Ana", null)).StatusCode);
    }

    [Fact]
    public void Every_endpoint_lies_in_the_file_of_its_name_and_belongs_to_the_group()
    {
        var sources = Repository.Sources("Games.Api/Ops").ToDictionary(source => Path.GetFileNameWithoutExtension(source.Name), source =>
            source.Text);
        var endpoints = typeof(Api::Program).Assembly.GetTypes().Where(type =>
            typeof(BaseEndpoint).IsAssignableFrom(type) && type.Namespace == "Games.Api.Ops").ToList();

        Assert.Equal(8, endpoints.Count);
        Assert.All(endpoints, type => Assert.Contains("Group<OpsGroup>()", sources[type.Name]));
    }

    private static async Task<JsonObject> BodyAsync(HttpResponseMessage response) => (await response.Content.ReadFromJsonAsync<JsonObject>())!;

    private async Task<JsonObject> SummaryAsync() => await BodyAsync(await _api.GetAsync("/ops/outbox"));

    private async Task<long> NumberOfAsync(JsonObject game)
    {
        await using var command = _database.CreateCommand("""SELECT "SequenceNumber" FROM "OutboxMessage" WHERE "Body" LIKE '%' || $1 || '%'""");
        command.Parameters.Add(new() { Value = (string)game["id"]! });

        return (long)(await command.ExecuteScalarAsync())!;
    }

    private Task KillAsync(long number) => SqlAsync($"""
        UPDATE "OutboxMessage" SET "NextAttempt" = 'infinity', "Attempts" = 10, "LastError" = 'hopeless', "Dead" = now()
            WHERE "SequenceNumber" = {number}
        """);

    private async Task SqlAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
