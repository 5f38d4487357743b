using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Games.Tests.Api;
using Games.Tests.Servers;

namespace Games.Tests.Journal;

/// <summary>On an API whose broker does not exist and which does not dispatch.</summary>
public sealed class EventsOverHttpTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly ApiHost _host;
    private readonly HttpClient _api;
    private readonly string _channel = $"test-{Guid.NewGuid():n}";

    public EventsOverHttpTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString, settings: ("Journal:Dispatch", "false"));
        _api = _host.CreateClient();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task What_is_said_is_accepted_and_can_be_read()
    {
        var correlation = Guid.NewGuid();
        using var response = await PostAsync(Said("correlationId", correlation));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var id = (Guid)(await response.BodyAsync())["id"]!;
        Assert.Equal($"/events/{id}", response.Headers.Location?.ToString());
        var found = JsonNode.Parse(await _api.GetStringAsync($"/events/{id}"))!;
        Assert.Equal(
            ("test.event", _channel, "world", "a test"),
            ((string?)found["eventType"], (string?)found["channel"], (string?)found["payload"]!["hello"], (string?)found["source"]));
        Assert.Equal(correlation, (Guid)found["correlationId"]!);
        Assert.Null(found["dispatchedAt"]);
    }

    [Fact]
    public async Task The_same_id_again_says_nothing_new()
    {
        var said = Said("id", $"{Guid.NewGuid()}");
        using var first = await PostAsync(said);
        said["payload"]!["hello"] = "again";
        using var second = await PostAsync(said);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Equal((string?)said["id"], (string?)(await second.BodyAsync())["id"]);
        Assert.Equal("world", (string?)JsonNode.Parse(await _api.GetStringAsync($"/events/{said["id"]}"))!["payload"]!["hello"]);
        Assert.Single((await ListAsync("")).Items);
    }

    [Theory]
    [InlineData("eventType", "\"Test\"")]
    [InlineData("eventType", "null")]
    [InlineData("channel", "\"a channel\"")]
    [InlineData("payload", "[]")]
    [InlineData("payload", "null")]
    [InlineData("payload", "\"text\"")]
    [InlineData("payload", """{"a":"\u0000"}""")]
    [InlineData("payload", """{"a":"\ud800"}""")]
    [InlineData("source", "\" \"")]
    [InlineData("source", """ "two\nlines" """)]
    [InlineData("source", """ "a\u0000" """)]
    [InlineData("id", "\"00000000-0000-0000-0000-000000000000\"")]
    [InlineData("id", "7")]
    [InlineData("correlationId", "\"x\"")]
    public async Task What_breaks_its_rule_is_named(string field, string value)
    {
        var said = Said("x", null).ToJsonString();
        var members = JsonNode.Parse(said)!.AsObject()
            .Where(x => x.Key != "x" && x.Key != field).Select(x => $"\"{x.Key}\":{x.Value!.ToJsonString()}");
        using var response = await PostTextAsync($$"""{{{string.Join(',', members)}},"{{field}}":{{value}}}""");

        await response.NamesAsync(field, _host.Log);
    }

    [Fact]
    public async Task A_mebibyte_with_apostrophes_and_unicode_is_taken_as_it_is()
    {
        var text = string.Concat(Enumerable.Repeat("it's «müßig» 🎲 ", 70_000));
        using var response = await PostAsync(Said("payload", new JsonObject { ["text"] = text }));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(text, (string?)JsonNode.Parse(await _api.GetStringAsync($"{response.Headers.Location}"))!["payload"]!["text"]);
    }

    [Fact]
    public async Task Pages_show_every_event_once_newest_first()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
            ids.Add((Guid)(await (await PostAsync(Said("x", null))).BodyAsync())["id"]!);

        var first = await ListAsync("&limit=2");
        var second = await ListAsync($"&limit=2&cursor={first.Next}&type=test.event&state=pending");
        var third = await ListAsync($"&limit=2&cursor={second.Next}");

        Assert.Equal(Enumerable.Reverse(ids), [.. first.Items, .. second.Items, .. third.Items]);
        Assert.Null(third.Next);
        Assert.Empty((await ListAsync("&state=dead")).Items);
        Assert.Empty((await ListAsync("&type=other.event")).Items);
    }

    [Theory]
    [InlineData("state", "unheard-of")]
    [InlineData("limit", "101")]
    [InlineData("correlationId", "x")]
    [InlineData("cursor", "x")]
    [InlineData("cursor", "AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("cursor", "________________________________")]
    public async Task A_query_that_breaks_its_rule_is_named(string field, string value)
    {
        using var response = await _api.GetAsync($"/events?{field}={value}");

        await response.NamesAsync(field, _host.Log);
    }

    [Fact]
    public async Task An_event_that_is_not_there_is_not_found()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await _api.GetAsync($"/events/{Guid.NewGuid()}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _api.GetAsync("/events/x")).StatusCode);
    }

    private JsonObject Said(string field, JsonNode? value)
    {
        var said = new JsonObject
        {
            ["eventType"] = "test.event",
            ["channel"] = _channel,
            ["payload"] = new JsonObject { ["hello"] = "world" },
            ["source"] = "a test",
        };
        if (field != "x")
            said[field] = value;
        return said;
    }

    private Task<HttpResponseMessage> PostAsync(JsonObject said) => PostTextAsync(said.ToJsonString());

    private Task<HttpResponseMessage> PostTextAsync(string body) =>
        _api.PostAsync("/events", new StringContent(body, Encoding.UTF8, "application/json"));

    private async Task<(List<Guid> Items, string? Next)> ListAsync(string query)
    {
        var page = JsonNode.Parse(await _api.GetStringAsync($"/events?channel={_channel}{query}"))!;
        return ([.. page["items"]!.AsArray().Select(x => (Guid)x!["id"]!)], (string?)page["nextCursor"]);
    }
}
