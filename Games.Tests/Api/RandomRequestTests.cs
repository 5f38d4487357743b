using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Games.Api;
using Games.Api.Features;
using Games.Tests.Servers;

namespace Games.Tests.Api;

/// <summary>A failure prints the seed that repeats it.</summary>
public sealed class RandomRequestTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private const int Seconds = 4;

    private static readonly Gen<string> Number = Gen.OneOf(
        Gen.Int.Select(x => $"{x}"), Gen.Long.Select(x => $"{x}"), Gen.Int[-10, 200].Select(x => $"{x}.0"), Gen.OneOf("1e400", "-0", "5.5"));

    // With a fraction, an exponent, both or neither; small enough that a decimal holds it.
    private static readonly Gen<string> SmallNumber = Gen.Select(
        Gen.Int[-20, 1200], Gen.OneOf("", ".0", ".5", ".25", ".000"), Gen.OneOf("", "e0", "e1", "E-1", "e+2", "e-2"), (a, b, c) => $"{a}{b}{c}");

    private static readonly Gen<string> Characters = Gen.OneOf("x", "ß", "漢", "🎲", "👩‍👩‍👧", "e\u0301", "\U0001F1E9\U0001F1EA");

    private static readonly Gen<string> QueryValue = Gen.Frequency(
        (4, Gen.OneOf("scheduled", "Cancelled", "pending", "dispatched", "dead", "100000000000000001", "test.event", "5")),
        (2, Gen.OneOf("0", "1", "7", "-1", "scheduled,cancelled", "pending,dead", " scheduled", "pending|dead", "5.0", "1e1", "")),
        (2, Gen.OneOf("\0", "a\0b", "5\0", "scheduled\0", "🎲", "\uFFFF", "'", "%", "\u0661")),
        (1, Gen.String[0, 30]));

    private static readonly Gen<(string Name, string Value)[]> Query = Gen.Select(
        Gen.OneOf("status", "Status", "state", "type", "channel", "guildId", "limit", "cursor", "correlationId", "x"), QueryValue).Array[0, 4];

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
        _host = new ApiHost(database.ConnectionString, settings: ("RateLimits:PerKey", "1000000"));
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

                await IsRefusedAsync(response);
            },
            time: Seconds,
            threads: 2);
    }

    [Fact]
    public async Task Any_number_is_taken_if_it_is_whole_and_within_its_bounds_however_it_is_written()
    {
        var valid = Requests.ValidGameWithout("maxPlayers").ToJsonString()[..^1];
        await SmallNumber.SampleAsync(
            async text =>
            {
                using var response = await _api.PostTextAsync($"{valid},\"maxPlayers\":{text}}}");

                var number = decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
                var isTaken = number % 1 == 0 && number is >= 1 and <= 100;
                Assert.Equal((text, isTaken ? HttpStatusCode.Created : HttpStatusCode.BadRequest), (text, response.StatusCode));
                if (isTaken)
                    Assert.Equal(number, (decimal?)(await response.BodyAsync())["maxPlayers"]);
            },
            time: Seconds,
            threads: 2);
    }

    [Fact]
    public async Task Any_text_is_taken_up_to_its_length_in_code_points()
    {
        await Gen.Select(Gen.OneOf(("title", 200), ("description", 2000), ("location", 500)), Characters.Array[1, 5], Gen.Int[-3, 3]).SampleAsync(
            async (field, characters, more) =>
            {
                var runes = Enumerable.Repeat(characters.SelectMany(x => x.EnumerateRunes()), field.Item2 + more).SelectMany(x => x);
                var text = string.Concat(runes.Take(field.Item2 + more));
                using var response = await _api.PostGameAsync(Requests.ValidGame(field.Item1, text));

                Assert.Equal(more > 0 ? HttpStatusCode.BadRequest : HttpStatusCode.Created, response.StatusCode);
            },
            time: Seconds,
            threads: 2);
    }

    [Theory]
    [InlineData("/games", "status", "scheduled", "started", "finished", "cancelled")]
    [InlineData("/events", "state", "pending", "dispatched", "dead")]
    public async Task Any_query_is_answered_by_what_it_says_or_refused_by_its_name(string path, string field, params string[] names)
    {
        await Query.SampleAsync(
            async query =>
            {
                using var response = await _api.GetAsync(
                    $"{path}?{string.Join('&', query.Select(x => $"{x.Name}={Uri.EscapeDataString(Storable(x.Value))}"))}");

                var given = query.Where(x => x.Name.Equals(field, StringComparison.OrdinalIgnoreCase)).Select(x => x.Value).ToList();
                // The states of games may be several, each by its name: repeated, or in one value with commas between them.
                var isMixed = given.Count > 1 && given.Exists(x => x.Contains(','));
                var isOneName = given is [] || (given is [var name] && names.Contains(name, StringComparer.OrdinalIgnoreCase))
                    || (path == "/games" && given.SelectMany(x => x.Split(',')).All(x => names.Contains(x, StringComparer.OrdinalIgnoreCase)));
                if (response.StatusCode is HttpStatusCode.OK)
                {
                    Assert.True(isOneName, $"{string.Join(' ', given)} was taken as a {field}");
                    return;
                }

                var refused = (await IsRefusedAsync(response)).ToList();
                Assert.All(refused, x => Assert.Contains(x, query.Select(x => x.Name), StringComparer.OrdinalIgnoreCase));
                if (isOneName && !isMixed)
                    Assert.DoesNotContain(field, refused);
            },
            time: Seconds,
            threads: 2);
    }

    [Fact]
    public async Task Any_error_is_problem_details_whatever_is_accepted()
    {
        var asked = Gen.Select(
            Gen.OneOf("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"),
            Gen.OneOf(
                "/games", "/games/7", "/games/7.ics", "/games/7/calendar.ics", "/guilds/7/games.ics", "/guilds/7/calendar", "/events",
                "/events/7", "/nowhere", "/games?limit=0", "/events?type=%00", "/ops/outbox/messages/7"),
            Gen.OneOf("", "*/*", "text/csv", "text/html, */*;q=0", "image/png", "nonsense", "application/json"));
        await asked.SampleAsync(
            async (method, path, accept) =>
            {
                using var request = new HttpRequestMessage(new(method), path);
                request.Headers.TryAddWithoutValidation("Accept", accept);
                using var response = await _api.SendAsync(request);

                Assert.True((int)response.StatusCode < 500, $"{method} {path}: {response.StatusCode}");
                if ((int)response.StatusCode < 400)
                    return;
                Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
                Assert.NotEmpty((string)(await response.BodyAsync())["traceId"]!);
            },
            time: Seconds,
            threads: 2);
    }

    [Fact]
    public void Any_text_is_a_cursor_or_none_and_a_failure_never() =>
        Gen.OneOf(Gen.String, Gen.Byte.Array[0, 40].Select(bytes => System.Buffers.Text.Base64Url.EncodeToString(bytes))).Sample(
            text =>
            {
                GameCursor.TryRead(text, out _);
                ListEvents.TryReadCursor(text, out _, out _);
            },
            iter: 50_000);

    /// <summary>The names of what was refused.</summary>
    private static async Task<IEnumerable<string>> IsRefusedAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var errors = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["errors"]!.AsArray();
        Assert.NotEmpty(errors);
        Assert.All(errors, error => Assert.NotEmpty((string)error!["name"]!));
        Assert.All(errors, error => Assert.DoesNotMatch(UnreadableRequestTests.Internals, (string)error!["reason"]!));
        return errors.Select(error => (string)error!["name"]!);
    }

    // Half of a surrogate pair has no place in an address.
    private static string Storable(string text) => string.Concat(text.EnumerateRunes().Select(rune => rune.ToString()));

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);
}
