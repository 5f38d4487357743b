using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.FakeDiscord;

/// <summary>What can be made to go wrong with REST, and that it is mended again.</summary>
public sealed class RestFaultTests : IAsyncLifetime
{
    private const string Hello = """{"content":"hello"}""";

    private readonly FakeTimeProvider _time = new(new(2031, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private StandIn _discord = null!;

    public async ValueTask InitializeAsync() => _discord = await StandIn.StartAsync(_time);

    public ValueTask DisposeAsync() => _discord.DisposeAsync();

    [Fact]
    public async Task An_error_strikes_as_often_as_it_is_asked_to_and_does_nothing()
    {
        await _discord.PutFaultsAsync("""{"kind":"error","method":"POST","status":503,"code":130000,"message":"overloaded","times":2}""");

        Assert.Equal((503, 130000), await _discord.RefusedAsync("POST", StandIn.Messages, Hello));
        Assert.Equal((503, 130000), await _discord.RefusedAsync("POST", StandIn.Messages, Hello));
        Assert.Empty((await _discord.OkAsync("GET", StandIn.Messages))["list"]!.AsArray());
        await _discord.PostAsync("third");
        Assert.Empty((await _discord.FakeAsync("GET", "faults"))["faults"]!.AsArray());
    }

    [Fact]
    public async Task A_fault_of_one_channel_leaves_the_others_alone()
    {
        await _discord.FakeAsync("PUT", $"guilds/{StandIn.Guild}/channels/200000000000000002", "{}");
        await _discord.PutFaultsAsync("""{"kind":"latency","path":"/channels/200000000000000002","milliseconds":10000}""");
        var slow = _discord.OkAsync("POST", "channels/200000000000000002/messages", Hello);

        await _discord.PostAsync("fast");
        Assert.False(slow.IsCompleted);
        // The request may still be on its way when the clock moves.
        await Until.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return slow.IsCompleted;
            },
            "the slow channel has answered");
        await slow;
    }

    [Theory]
    [InlineData("disconnect", 0)]
    [InlineData("disconnectAfterSuccess", 1)]
    public async Task A_connection_is_cut_before_or_after_the_work(string kind, int messages)
    {
        await _discord.PutFaultsAsync($$"""{"kind":"{{kind}}","method":"POST"}""");

        await Assert.ThrowsAsync<HttpRequestException>(() => StandIn.SendAsync(_discord.Bot, "POST", StandIn.Messages, Hello));
        await _discord.PutFaultsAsync("");
        Assert.Equal(messages, (await _discord.OkAsync("GET", StandIn.Messages))["list"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_request_that_is_never_answered_does_nothing()
    {
        await _discord.PutFaultsAsync("""{"kind":"timeout"}""");
        using var patience = new CancellationTokenSource();
        var unanswered = _discord.Bot.GetAsync("users/@me", patience.Token);
        await Until.TrueAsync(async () => (await _discord.FakeAsync("GET", "requests"))["list"]!.AsArray().Count == 1, "the request was seen");
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => unanswered);
        Assert.Equal(0, (int)(await _discord.FakeAsync("GET", "requests?path=users"))["list"]![0]!["status"]!);
    }

    [Fact]
    public async Task A_token_is_refused_everywhere_and_each_refusal_counts()
    {
        await _discord.PutFaultsAsync("""{"kind":"unauthorized"}""");
        using var client = await GatewayClient.ConnectAsync((await _discord.OkAsync("GET", "gateway"))["url"]!.ToString());
        await client.NextAsync();
        await client.IdentifyAsync();

        Assert.Equal(4004, await client.ClosedAsync());
        Assert.Equal((401, 0), await _discord.RefusedAsync("GET", "users/@me"));
        Assert.Equal(1, (int)(await _discord.FakeAsync("GET", "statistics"))["invalid"]!);
    }

    [Fact]
    public async Task Who_makes_10_000_invalid_requests_in_10_minutes_meets_Cloudflare()
    {
        _discord.Bot.DefaultRequestHeaders.Authorization = null;
        for (var i = 0; i < 10_000; i += 100)
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => _discord.RefusedAsync("GET", "users/@me")));

        using var banned = await _discord.Bot.GetAsync("gateway");
        _time.Advance(TimeSpan.FromMinutes(11));
        using var later = await _discord.Bot.GetAsync("gateway");

        Assert.Equal((HttpStatusCode.TooManyRequests, "text/html"), (banned.StatusCode, banned.Content.Headers.ContentType!.MediaType));
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    [Theory]
    [InlineData("""{"faults":[{"kind":"nothing"}]}""")]
    [InlineData("""{"faults":[{}]}""")]
    public async Task A_fault_that_is_not_known_is_refused(string body)
    {
        using var answer = await StandIn.SendAsync(_discord.Fake, "PUT", "faults", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var said = await answer.Content.ReadAsStringAsync();
        Assert.StartsWith("{", said);
        Assert.DoesNotContain("   at ", said);
        Assert.Equal(body.Contains("kind"), said.Contains("timeoutAfterSuccess"));
    }

    [Fact]
    public async Task A_reset_is_the_start_again()
    {
        await _discord.PutFaultsAsync("""{"kind":"unauthorized"}""");
        await _discord.FakeAsync("PUT", "guilds/100000000000000002", """{"name":"other"}""");
        await _discord.FakeAsync("DELETE", "");

        await _discord.PostAsync("hello");
        Assert.Equal((404, 10004), await _discord.RefusedAsync("GET", "guilds/100000000000000002"));
    }
}
