using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Games.Tests.Servers;

namespace Games.Tests.Api;

public sealed class CreateGameTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public CreateGameTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString);
        _api = _host.CreateClient();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_valid_game_is_created_and_found_where_the_answer_says()
    {
        using var response = await _api.PostGameAsync(Requests.ValidGame());

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var game = await response.BodyAsync();
        Assert.Equal($"/games/{game["id"]}", response.Headers.Location?.ToString());
        Assert.Equal("100000000000000001", (string?)game["guildId"]);
        Assert.Equal("200000000000000001", (string?)game["channelId"]);
        Assert.Equal("300000000000000001", (string?)game["hostId"]);
        Assert.Equal("Friday raid", (string?)game["title"]);
        Assert.Equal("bring snacks", (string?)game["description"]);
        Assert.Equal("Voice 1", (string?)game["location"]);
        Assert.Equal("2131-01-01T19:00:00+00:00", (string?)game["scheduledAt"]);
        Assert.Equal(120, (int?)game["durationMinutes"]);
        Assert.Equal(5, (int?)game["maxPlayers"]);
        Assert.Equal("scheduled", (string?)game["status"]);

        using var found = await _api.GetAsync(response.Headers.Location);
        var read = await found.BodyAsync();
        Assert.Equal(game.ToJsonString(), read.ToJsonString());
    }

    [Fact]
    public async Task The_body_alone_says_what_the_game_is()
    {
        using var response = await _api.PostAsync(
            "/games?title=elsewhere&scheduledAt=2031-01-01&maxPlayers=7", JsonContent.Create(Requests.ValidGame()));

        var game = await response.BodyAsync();
        Assert.Equal("Friday raid", (string?)game["title"]);
        Assert.Equal("2131-01-01T19:00:00+00:00", (string?)game["scheduledAt"]);
        Assert.Equal(5, (int?)game["maxPlayers"]);
    }

    [Fact]
    public async Task Only_the_ids_the_title_and_the_time_are_required()
    {
        var game = Requests.ValidGame();
        foreach (var optional in (string[])["description", "location", "durationMinutes", "maxPlayers"])
            game.Remove(optional);

        var created = await _api.CreateGameAsync(game);

        Assert.Equal(10, (int?)created["maxPlayers"]);
        Assert.Null(created["description"]);
        Assert.Null(created["location"]);
        Assert.Null(created["durationMinutes"]);
    }

    [Fact]
    public async Task A_title_counts_after_trimming()
    {
        var created = await _api.CreateGameAsync(Requests.ValidGame("title", $"  {new string('x', 200)}  "));

        Assert.Equal(new string('x', 200), (string?)created["title"]);
    }

    [Theory]
    [InlineData("guildId", "12345678901234567")]
    [InlineData("hostId", "12345678901234567890")]
    [InlineData("title", "x")]
    [InlineData("title", "Ω≈ç√ '; drop table games; -- 🎲")]
    [InlineData("description", "several\nlines\twith 'quotes'")]
    [InlineData("scheduledAt", "2131-01-01T20:00:00Z")]
    [InlineData("scheduledAt", "9998-12-31T23:59:59.999999Z")]
    [InlineData("scheduledAt", "2131-01-01T20:00:00.1234567-11:30")]
    public async Task A_text_at_the_edge_of_its_rule_is_taken(string field, string value)
    {
        var created = await _api.CreateGameAsync(Requests.ValidGame(field, value));

        if (field is not "scheduledAt")
            Assert.Equal(value, (string?)created[field]);
    }

    [Theory]
    [InlineData("durationMinutes", 1)]
    [InlineData("durationMinutes", 1440)]
    [InlineData("maxPlayers", 1)]
    [InlineData("maxPlayers", 100)]
    public async Task A_number_at_the_edge_of_its_rule_is_taken(string field, int value) =>
        Assert.Equal(value, (int?)(await _api.CreateGameAsync(Requests.ValidGame(field, value)))[field]);

    [Theory]
    [InlineData("guildId")]
    [InlineData("channelId")]
    [InlineData("hostId")]
    [InlineData("title")]
    [InlineData("scheduledAt")]
    public async Task A_missing_field_is_named(string field)
    {
        using var missing = await _api.PostGameAsync(Requests.ValidGameWithout(field));
        await missing.NamesAsync(field, _host.Log);

        using var isNull = await _api.PostGameAsync(Requests.ValidGame(field, null));
        await isNull.NamesAsync(field, _host.Log);
    }

    [Theory]
    [InlineData("guildId", "1234567890123456")]
    [InlineData("guildId", "123456789012345678901")]
    [InlineData("channelId", "general")]
    [InlineData("hostId", "12345678901234567 ")]
    [InlineData("title", "")]
    [InlineData("title", " \t ")]
    [InlineData("title", "two\nlines")]
    [InlineData("title", "nul\0")]
    [InlineData("description", "nul\0")]
    [InlineData("location", "nul\0")]
    [InlineData("scheduledAt", "2131-01-01T20:00:00")]
    [InlineData("scheduledAt", "2131-01-01")]
    [InlineData("scheduledAt", "2131-01-01T20:00+01:00")]
    [InlineData("scheduledAt", "2131-13-01T20:00:00Z")]
    [InlineData("scheduledAt", "tomorrow")]
    [InlineData("scheduledAt", "")]
    [InlineData("scheduledAt", "2001-01-01T20:00:00Z")]
    [InlineData("scheduledAt", "9999-01-01T00:00:00Z")]
    [InlineData("scheduledAt", "9999-12-31T23:59:59.9999999Z")]
    public async Task A_text_that_breaks_its_rule_is_named(string field, string value)
    {
        using var response = await _api.PostGameAsync(Requests.ValidGame(field, value));

        await response.NamesAsync(field, _host.Log);
    }

    [Theory]
    [InlineData("title", 201)]
    [InlineData("description", 2001)]
    [InlineData("location", 501)]
    public async Task A_text_that_is_too_long_is_named(string field, int length)
    {
        using var longest = await _api.PostGameAsync(Requests.ValidGame(field, new string('x', length - 1)));
        Assert.Equal(HttpStatusCode.Created, longest.StatusCode);

        using var response = await _api.PostGameAsync(Requests.ValidGame(field, new string('x', length)));
        await response.NamesAsync(field, _host.Log);
    }

    [Theory]
    [InlineData("title", 200)]
    [InlineData("description", 2000)]
    [InlineData("location", 500)]
    public async Task A_character_is_a_code_point_as_it_is_in_the_table(string field, int length)
    {
        var longest = string.Concat(Enumerable.Repeat("🎲", length));

        Assert.Equal(longest, (string?)(await _api.CreateGameAsync(Requests.ValidGame(field, longest)))[field]);

        using var longer = await _api.PostGameAsync(Requests.ValidGame(field, longest + "x"));
        await longer.NamesAsync(field, _host.Log);
        using var longerByOneDie = await _api.PostGameAsync(Requests.ValidGame(field, longest + "🎲"));
        await longerByOneDie.NamesAsync(field, _host.Log);
    }

    [Theory]
    [InlineData("7.0", 7)]
    [InlineData("1e1", 10)]
    [InlineData("1E+1", 10)]
    [InlineData("70e-1", 7)]
    [InlineData("0.7e1", 7)]
    [InlineData("100.000000000000000000000000000000", 100)]
    public async Task A_number_is_whole_however_it_is_written(string json, int value)
    {
        using var response = await PostMaxPlayersAsync(json);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(value, (int?)(await response.BodyAsync())["maxPlayers"]);
    }

    [Theory]
    [InlineData("7.5")]
    [InlineData("7.00000001")]
    [InlineData("75e-1")]
    [InlineData("1e400")]
    [InlineData("1e99999999999999999999")]
    [InlineData("-1e-400")]
    [InlineData("2147483648.0")]
    public async Task A_number_that_is_not_whole_is_named(string json)
    {
        using var response = await PostMaxPlayersAsync(json);

        await response.NamesAsync("maxPlayers", _host.Log);
    }

    [Theory]
    [InlineData("durationMinutes", 0)]
    [InlineData("durationMinutes", 1441)]
    [InlineData("maxPlayers", 0)]
    [InlineData("maxPlayers", 101)]
    [InlineData("maxPlayers", -1)]
    public async Task A_number_that_breaks_its_rule_is_named(string field, int value)
    {
        using var response = await _api.PostGameAsync(Requests.ValidGame(field, value));

        await response.NamesAsync(field, _host.Log);
    }

    [Theory]
    [InlineData("guildId", "100000000000000001")]
    [InlineData("title", "true")]
    [InlineData("title", "{}")]
    [InlineData("description", "[]")]
    [InlineData("scheduledAt", "4102444800")]
    [InlineData("durationMinutes", "\"120\"")]
    [InlineData("durationMinutes", "1.5")]
    [InlineData("maxPlayers", "\"five\"")]
    [InlineData("maxPlayers", "99999999999")]
    public async Task A_value_of_the_wrong_type_is_named(string field, string json)
    {
        using var response = await _api.PostGameAsync(Requests.ValidGame(field, JsonNode.Parse(json)));

        await response.NamesAsync(field, _host.Log);
    }

    [Fact]
    public async Task Every_broken_rule_is_named_at_once()
    {
        var game = Requests.ValidGame("guildId", "no");
        game["title"] = "";
        game["maxPlayers"] = 0;

        using var response = await _api.PostGameAsync(game);

        var problem = await response.IsProblemAsync(HttpStatusCode.BadRequest, _host.Log);
        Assert.Equal(["guildId", "maxPlayers", "title"], problem["errors"]!.AsArray().Select(error => (string)error!["name"]!).Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"a string\"")]
    [InlineData("{\"guildId\":")]
    [InlineData("not json")]
    [InlineData("{\"title\":\"\\ud800\"}")]
    public async Task A_body_that_is_no_JSON_object_is_refused(string body)
    {
        using var response = await _api.PostTextAsync(body);

        var problem = await response.IsProblemAsync(HttpStatusCode.BadRequest, _host.Log);
        Assert.NotEmpty(problem["errors"]!.AsArray());
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Another_content_type_is_refused(string contentType)
    {
        using var response = await _api.PostTextAsync(Requests.ValidGame().ToJsonString(), contentType);

        await response.IsProblemAsync(HttpStatusCode.UnsupportedMediaType, _host.Log);
    }

    [Fact]
    public async Task Another_method_is_refused()
    {
        using var response = await _api.DeleteAsync("/games");

        await response.IsProblemAsync(HttpStatusCode.MethodNotAllowed, _host.Log);
    }

    private Task<HttpResponseMessage> PostMaxPlayersAsync(string json) =>
        _api.PostTextAsync($"{Requests.ValidGameWithout("maxPlayers").ToJsonString()[..^1]},\"maxPlayers\":{json}}}");
}
