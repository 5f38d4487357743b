using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Api;

public sealed partial class UnreadableRequestTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private const string Text = "must be a string of Unicode text";
    private const string DiscordId = "must be a Discord id: a string of 17 to 20 digits";
    private const string WholeNumber = "must be a whole number of at most 2147483647";
    private const string Time = "must be an RFC 3339 time with an offset, such as 2031-01-01T20:00:00+01:00";

    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public UnreadableRequestTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString, settings: ("Journal:Dispatch", "false"));
        _api = _host.CreateClient();
    }

    /// <summary>Names of types, and the serializer's paths and tokens.</summary>
    [GeneratedRegex(@"System\.|Games\.|Int32|Nullable|Path:|LineNumber|BytePositionInLine|token type")]
    public static partial Regex Internals { get; }

    public static TheoryData<string, string, string> Bodies => new()
    {
        { "", "body", "The body is not valid JSON (line 1, byte 1)." },
        { "no json", "body", "The body is not valid JSON (line 1, byte 2)." },
        { """{ "guildId": 100000000000000001 }""", "guildId", DiscordId },
        { """{ "HostId": {} }""", "hostId", DiscordId },
        { """{ "colour": tru }""", "body", "The body is not valid JSON (line 1, byte 16)." },
        { "{\n\"title\": tru }", "body", "The body is not valid JSON (line 2, byte 13)." },
        { """{ "title": "cut off""", "body", "The body is not valid JSON (line 1, byte 20)." },
        { """{ "\ud800": 1 }""", "body", "The body is not valid JSON (line 1, byte 12)." },
        { "[]", "body", "The body must be a JSON object." },
        { "7", "body", "The body must be a JSON object." },
        { """{ "title": 7 }""", "title", Text },
        { """{ "title": "\ud800" }""", "title", Text },
        { $$"""{ "title": {{Nested(70)}} }""", "title", "The body is nested more than 64 levels deep." },
        { """{ "maxPlayers": "5" }""", "maxPlayers", WholeNumber },
        { """{ "maxPlayers": 5.5 }""", "maxPlayers", WholeNumber },
        { """{ "MaxPlayers": 99999999999 }""", "maxPlayers", WholeNumber },
        { """{ "durationMinutes": {} }""", "durationMinutes", WholeNumber },
        { """{ "scheduledAt": "2031-01-01T20:00:00" }""", "scheduledAt", Time },
        { """{ "scheduledAt": 1924977600 }""", "scheduledAt", Time },
    };

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_is_refused_by_the_name_of_its_field_and_in_words_for_the_caller(string body, string field, string reason)
    {
        using var response = await _api.PostTextAsync(body);

        await response.NamesAsync(field, _host.Log);
        var problem = await response.BodyAsync();
        Assert.Equal(reason, (string?)Assert.Single(problem["errors"]!.AsArray())!["reason"]);
        Assert.DoesNotMatch(Internals, problem.ToJsonString());
    }

    [Theory]
    [InlineData("/games?status=foo", "status", "must be one of scheduled, started, finished, cancelled")]
    [InlineData("/games?guildId=7", "guildId", DiscordId)]
    [InlineData("/events?state=foo", "state", "must be one of pending, dispatched, dead")]
    [InlineData("/ops/outbox/messages?state=foo", "state", "must be one of pending, dead, scheduled")]
    public async Task A_value_that_is_none_is_refused_with_those_that_are(string path, string field, string reason)
    {
        using var response = await _api.GetAsync(path);

        await response.NamesAsync(field, _host.Log);
        Assert.Equal(reason, (string?)Assert.Single((await response.BodyAsync())["errors"]!.AsArray())!["reason"]);
    }

    [Fact]
    public async Task The_log_names_the_fields_that_were_refused_and_not_what_they_held()
    {
        using var body = await _api.PostTextAsync("""{ "guildId": "secret", "channelId": "secret", "title": "" }""");
        using var syntax = await _api.PostTextAsync("""{ "secret": tru }""");
        using var query = await _api.GetAsync("/games?limit=1&limit=secret");

        var log = _host.Log.Lines.Where(line => line.Contains("was answered 400")).ToList();
        Assert.Contains(log, line => line.Contains("POST /games was answered 400 for guildId, channelId, hostId, title, scheduledAt, trace"));
        Assert.Contains(log, line => line.Contains("POST /games was answered 400 for body, trace"));
        Assert.Contains(log, line => line.Contains("GET /games was answered 400 for limit, trace"));
        Assert.DoesNotContain(log, line => line.Contains("secret"));
    }

    [Fact]
    public async Task A_body_in_another_charset_is_read()
    {
        using var response = await _api.PostAsync(
            "/games",
            new StringContent(
                Requests.ValidGame("title", "Größe").ToJsonString(), Encoding.Unicode, new MediaTypeHeaderValue("application/json", "utf-16")));

        Assert.Equal("Größe", (string?)(await response.BodyAsync())["title"]);
    }

    [Theory]
    [InlineData("klingon")]
    [InlineData("utf-7")]
    public async Task A_charset_that_nobody_knows_or_may_use_is_refused(string charset)
    {
        using var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", $"application/json; charset={charset}");

        using var response = await _api.PostAsync("/games", content);

        await response.IsProblemAsync(HttpStatusCode.UnsupportedMediaType, _host.Log);
    }

    [Theory]
    [InlineData("title", new byte[] { 0xff })]
    [InlineData("title", new byte[] { 0xed, 0xa0, 0x80 })]
    public async Task Bytes_that_are_no_UTF_8_are_refused(string field, byte[] bytes)
    {
        using var content = new ByteArrayContent([.. Encoding.UTF8.GetBytes($"{{\"{field}\": \""), .. bytes, .. "\" }"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        using var response = await _api.PostAsync("/games", content);

        await response.NamesAsync(field, _host.Log);
    }

    [Theory]
    [InlineData("type", "%00")]
    [InlineData("type", "game.*")]
    [InlineData("channel", "Events")]
    [InlineData("channel", "%00")]
    [InlineData("state", "0")]
    [InlineData("state", "pending,dead")]
    [InlineData("correlationId", "7")]
    public async Task A_query_of_events_is_refused_likewise(string field, string value)
    {
        using var response = await _api.GetAsync($"/events?{field}={value}");

        await response.NamesAsync(field, _host.Log);
        Assert.DoesNotMatch(Internals, await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/games?guildId=%ED%A0%80", HttpStatusCode.BadRequest)]
    [InlineData("/events?type=%ED%A0%80", HttpStatusCode.BadRequest)]
    [InlineData("/events/%ED%A0%80", HttpStatusCode.NotFound)]
    public async Task No_address_is_an_error_of_the_server(string path, HttpStatusCode status)
    {
        using var response = await _api.GetAsync(path);

        Assert.Equal(status, response.StatusCode);
    }

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);
}
