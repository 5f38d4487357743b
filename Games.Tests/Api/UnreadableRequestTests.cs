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
        { "", "serializerErrors", "The body is not valid JSON (line 1, byte 1)." },
        { "no json", "serializerErrors", "The body is not valid JSON (line 1, byte 2)." },
        { "{\n\"title\": tru }", "title", "The body is not valid JSON (line 2, byte 13)." },
        { """{ "title": "cut off""", "title", "The body is not valid JSON (line 1, byte 20)." },
        { """{ "\ud800": 1 }""", "serializerErrors", "The body is not valid JSON (line 1, byte 12)." },
        { "[]", "serializerErrors", "The body must be a JSON object." },
        { "7", "serializerErrors", "The body must be a JSON object." },
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
    [InlineData("/events?type=%ED%A0%80", HttpStatusCode.OK)]
    [InlineData("/events/%ED%A0%80", HttpStatusCode.NotFound)]
    public async Task No_address_is_an_error_of_the_server(string path, HttpStatusCode status)
    {
        using var response = await _api.GetAsync(path);

        Assert.Equal(status, response.StatusCode);
    }

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);
}
