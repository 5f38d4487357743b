using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Games.Api.Features;
using Games.Tests.Servers;

namespace Games.Tests.Api;

/// <summary>A failure prints the seed that repeats it.</summary>
public sealed class RandomRequestTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private const int Seconds = 4;

    private static readonly Gen<string> Number = Gen.OneOf(
        Gen.Int.Select(x => $"{x}"), Gen.Long.Select(x => $"{x}"), Gen.Int[-10, 200].Select(x => $"{x}.0"), Gen.OneOf("1e400", "-0", "5.5"));

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String.Select(x => JsonSerializer.Serialize(x)),
        Gen.String[Gen.Char['0', '9'], 15, 22].Select(x => $"\"{x}\""),
        Gen.Int[0, 3000].Select(length => $"\"{new string('x', length)}\""),
        Gen.DateTimeOffset.Select(x => $"\"{x:O}\""),
        Gen.OneOf(
            "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"", "\"\\q\"", "\"2131-01-01T20:00:00\"",
            "\"9999-12-31T23:59:59-14:00\"", "\"Infinity\""));

    private static readonly Gen<string> Value = Gen.Frequency(
        (4, Text), (3, Number), (2, Gen.OneOf("null", "true", "{}", "[]", "[1,{\"a\":null}]", "NaN")), (1, Gen.Int[60, 80].Select(Nested)));

    private static readonly Gen<string> Member = Gen.Select(
        Gen.OneOf(
            "guildId", "channelId", "hostId", "title", "Title", "description", "location", "scheduledAt",
            "durationMinutes", "maxPlayers", "x", "\\ud800"),
        Value,
        (name, value) => $"\"{name}\":{value}");

    // A valid game with a few members written over: a random body alone would rarely pass the first rule.
    private static readonly Gen<string> Body = Gen.Select(
        Member.Array[0, 3], Gen.Frequency((9, Gen.Const(0)), (1, Gen.Int[1, 200])),
        (members, cut) =>
        {
            var body = $"{Requests.ValidGame().ToJsonString()[..^1]}{string.Concat(members.Select(member => $",{member}"))}}}";
            return body[..^Math.Min(cut, body.Length)];
        });

    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public RandomRequestTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString);
        _api = _host.CreateClient();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Any_body_creates_a_game_or_is_refused_with_the_field_that_is_wrong()
    {
        await Body.SampleAsync(
            async body =>
            {
                using var response = await _api.PostTextAsync(body);
                if (response.StatusCode is HttpStatusCode.Created)
                    return;

                Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
                Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
                var errors = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["errors"]!.AsArray();
                Assert.NotEmpty(errors);
                Assert.All(errors, error => Assert.NotEmpty((string)error!["name"]!));
                Assert.All(errors, error => Assert.DoesNotMatch(UnreadableRequestTests.Internals, (string)error!["reason"]!));
            },
            time: Seconds,
            threads: 2);
    }

    [Fact]
    public void Any_text_is_a_cursor_or_none_and_a_failure_never() =>
        Gen.OneOf(Gen.String, Gen.Byte.Array[0, 40].Select(bytes => System.Buffers.Text.Base64Url.EncodeToString(bytes))).Sample(
            text =>
            {
                ListGames.TryReadCursor(text, out _);
                ListEvents.TryReadCursor(text, out _, out _);
            },
            iter: 50_000);

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);
}
