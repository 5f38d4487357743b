using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.FakeDiscord;

/// <summary>Buckets, the global limit and the limit of old messages, at a clock of the test's own.</summary>
public sealed class RateLimitTests : IAsyncLifetime
{
    private const string Hello = """{"content":"hello"}""";

    private readonly FakeTimeProvider _time = new(new(2031, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private StandIn _discord = null!;

    public async ValueTask InitializeAsync() => _discord = await StandIn.StartAsync(_time);

    public ValueTask DisposeAsync() => _discord.DisposeAsync();

    [Fact]
    public async Task A_channel_takes_5_messages_in_5_seconds_and_says_when_it_takes_more()
    {
        for (var remaining = 4; remaining >= 0; remaining--)
        {
            using var taken = await SendAsync("POST", StandIn.Messages);
            Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
            Assert.Equal(("5", $"{remaining}"), (Header(taken, "X-RateLimit-Limit"), Header(taken, "X-RateLimit-Remaining")));
        }

        _time.Advance(TimeSpan.FromSeconds(3.5));
        using var refused = await SendAsync("POST", StandIn.Messages);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(
            ("2", "1.500", "user", "0", $"{_time.GetUtcNow().AddSeconds(1.5).ToUnixTimeMilliseconds() / 1000d:0.000}"),
            (Header(refused, "Retry-After"), Header(refused, "X-RateLimit-Reset-After"), Header(refused, "X-RateLimit-Scope"),
                Header(refused, "X-RateLimit-Remaining"), Header(refused, "X-RateLimit-Reset")));
        Assert.Equal(
            """{"message":"You are being rate limited.","retry_after":1.5,"global":false}""",
            (await refused.Content.ReadFromJsonAsync<JsonObject>())!.ToJsonString());

        _time.Advance(TimeSpan.FromSeconds(1.5));
        using var again = await SendAsync("POST", StandIn.Messages);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task Channels_have_buckets_of_their_own_and_edits_another_than_messages()
    {
        await _discord.FakeAsync("PUT", $"guilds/{StandIn.Guild}/channels/200000000000000002", "{}");
        var id = (string)(await _discord.PostAsync("1"))["id"]!;
        for (var i = 2; i <= 5; i++)
            await _discord.PostAsync($"{i}");

        using var elsewhere = await SendAsync("POST", "channels/200000000000000002/messages");
        using var edit = await SendAsync("PATCH", $"{StandIn.Messages}/{id}");
        using var refused = await SendAsync("POST", StandIn.Messages);

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (elsewhere.StatusCode, edit.StatusCode, refused.StatusCode));
        Assert.Equal(Header(elsewhere, "X-RateLimit-Bucket"), Header(refused, "X-RateLimit-Bucket"));
        Assert.NotEqual(Header(edit, "X-RateLimit-Bucket"), Header(refused, "X-RateLimit-Bucket"));
    }

    [Fact]
    public async Task A_message_older_than_an_hour_is_edited_3_times_in_6_seconds_and_then_30046()
    {
        var id = (string)(await _discord.PostAsync("old"))["id"]!;
        _time.Advance(TimeSpan.FromMinutes(61));
        for (var i = 0; i < 3; i++)
            await _discord.OkAsync("PATCH", $"{StandIn.Messages}/{id}", Hello);

        Assert.Equal((429, 30046), await _discord.RefusedAsync("PATCH", $"{StandIn.Messages}/{id}", Hello));
        _time.Advance(TimeSpan.FromSeconds(6));
        await _discord.OkAsync("PATCH", $"{StandIn.Messages}/{id}", Hello);
    }

    [Fact]
    public async Task A_bot_makes_50_requests_a_second_in_all()
    {
        await _discord.FakeAsync("PUT", "settings", """{"globalRequestsPerSecond":3}""");
        for (var i = 0; i < 3; i++)
            await _discord.OkAsync("GET", "users/@me");

        using var refused = await SendAsync("GET", $"channels/{StandIn.Channel}");
        await _discord.OkAsync("GET", "gateway");

        Assert.Equal(
            ("global", "true", "1"),
            (Header(refused, "X-RateLimit-Scope"), Header(refused, "X-RateLimit-Global"), Header(refused, "Retry-After")));
        Assert.True((bool)(await refused.Content.ReadFromJsonAsync<JsonObject>())!["global"]!);
    }

    [Fact]
    public async Task A_request_before_its_time_is_counted_and_so_is_every_invalid_one()
    {
        await _discord.PutFaultsAsync("""{"kind":"rateLimit","path":"/messages","retryAfter":1.163,"headerRetryAfter":1,"code":20028,"times":2}""");
        using var storm = await SendAsync("POST", StandIn.Messages);
        Assert.Equal("1", Header(storm, "Retry-After"));
        Assert.Equal(20028, (int)(await storm.Content.ReadFromJsonAsync<JsonObject>())!["code"]!);

        _time.Advance(TimeSpan.FromSeconds(1));
        using var early = await SendAsync("POST", StandIn.Messages);
        _time.Advance(TimeSpan.FromSeconds(1.2));
        using var inTime = await SendAsync("POST", StandIn.Messages);

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.OK), (early.StatusCode, inTime.StatusCode));
        var seen = await _discord.FakeAsync("GET", "statistics");
        Assert.Equal((2, 1, 2, 2), ((int)seen["rateLimited"]!, seen["early"]!.AsArray().Count, (int)seen["invalid"]!, (int)seen["invalidInWindow"]!));

        _time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal((2, 0), await InvalidAsync());
    }

    [Fact]
    public async Task A_shared_limit_is_nobody_s_fault()
    {
        await _discord.PutFaultsAsync("""{"kind":"rateLimit","scope":"shared","times":1}""");
        using var shared = await SendAsync("POST", StandIn.Messages);

        Assert.Equal(("shared", "4"), (Header(shared, "X-RateLimit-Scope"), Header(shared, "X-RateLimit-Remaining")));
        Assert.Equal((0, 0), await InvalidAsync());
    }

    private async Task<(int InAll, int InWindow)> InvalidAsync()
    {
        var seen = await _discord.FakeAsync("GET", "statistics");
        return ((int)seen["invalid"]!, (int)seen["invalidInWindow"]!);
    }

    private Task<HttpResponseMessage> SendAsync(string method, string path) =>
        StandIn.SendAsync(_discord.Bot, method, path, method == "GET" ? null : Hello);

    private static string Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.Single().ToString(CultureInfo.InvariantCulture) : "";
}
