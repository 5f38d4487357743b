using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.FakeDiscord;

/// <summary>Sessions, what is dispatched to whom, and each reason to close.</summary>
public sealed class GatewayTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new(2031, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private StandIn _discord = null!;

    public async ValueTask InitializeAsync() => _discord = await StandIn.StartAsync(_time);

    public ValueTask DisposeAsync() => _discord.DisposeAsync();

    [Fact]
    public async Task Says_who_the_bot_is_and_where()
    {
        using var client = await GatewayClient.ConnectAsync(_discord);
        await client.IdentifyAsync();

        var ready = await client.NextAsync("READY");
        var guild = await client.NextAsync("GUILD_CREATE");

        Assert.Equal(StandIn.BotId, (string?)ready["user"]!["id"]);
        Assert.Equal(StandIn.BotId, (string?)ready["application"]!["id"]);
        Assert.Equal($$"""[{"id":"{{StandIn.Guild}}","unavailable":true}]""", ready["guilds"]!.ToJsonString());
        Assert.Equal((false, StandIn.Channel), ((bool)guild["unavailable"]!, (string?)guild["channels"]![0]!["id"]));
        Assert.Equal(StandIn.BotId, (string?)Assert.Single(guild["members"]!.AsArray())!["user"]!["id"]);
    }

    [Fact]
    public async Task Acknowledges_heartbeats_and_ends_a_connection_that_sends_none()
    {
        var (client, ready) = await GatewayClient.IdentifiedAsync(_discord);
        using var _ = client;
        await client.SendAsync("""{"op":1,"d":2}""");
        Assert.Equal(11, (int)(await client.NextAsync())!["op"]!);

        _time.Advance(TimeSpan.FromSeconds(62));

        Assert.Equal(4009, await client.ClosedAsync());
        Assert.Equal(9, await FirstAnswerToResumeAsync(ready, 2));
    }

    [Fact]
    public async Task A_session_that_is_resumed_misses_nothing_and_gets_nothing_twice()
    {
        var (client, ready) = await GatewayClient.IdentifiedAsync(_discord);
        await WriteAsync("before");
        Assert.Equal("before", (string?)(await client.NextAsync("MESSAGE_CREATE"))["content"]);
        client.Abort();
        client.Dispose();
        await WriteAsync("meanwhile");
        await WriteAsync("and again");

        using var resumed = await GatewayClient.ConnectAsync((string)ready["resume_gateway_url"]!);
        await resumed.NextAsync();
        await resumed.ResumeAsync(ready, 3);

        Assert.Equal(("meanwhile", 4), ((string?)(await resumed.NextAsync("MESSAGE_CREATE"))["content"], resumed.LastSequence));
        Assert.Equal(("and again", 5), ((string?)(await resumed.NextAsync("MESSAGE_CREATE"))["content"], resumed.LastSequence));
        await resumed.NextAsync("RESUMED");
        await WriteAsync("after");
        Assert.Equal("after", (string?)(await resumed.NextAsync("MESSAGE_CREATE"))["content"]);
        var seen = (await _discord.FakeAsync("GET", "statistics"))["gateway"]!;
        Assert.Equal((2, 1, 1), ((int)seen["connections"]!, (int)seen["identifies"]!, (int)seen["resumes"]!));
    }

    [Theory]
    [InlineData(1000, 9)]
    [InlineData(1001, 9)]
    [InlineData(4200, 0)]
    public async Task A_client_that_closes_with_1000_or_1001_has_ended_its_session(int code, int op)
    {
        var (client, ready) = await GatewayClient.IdentifiedAsync(_discord);
        using var _ = client;
        await client.CloseAsync(code);
        await client.ClosedAsync();

        Assert.Equal(op, await FirstAnswerToResumeAsync(ready, 2));
    }

    [Fact]
    public async Task A_session_is_kept_for_3_minutes()
    {
        var (client, ready) = await GatewayClient.IdentifiedAsync(_discord);
        using var _ = client;
        await client.CloseAsync(4200);
        await client.ClosedAsync();
        // Its connection is seen to be gone before the clock moves on.
        await Until.TrueAsync(async () => !(bool)(await _discord.FakeAsync("GET", "state"))["connected"]!, "the session is without a connection");
        _time.Advance(TimeSpan.FromMinutes(4));

        Assert.Equal(9, await FirstAnswerToResumeAsync(ready, 2));
    }

    [Fact]
    public async Task A_sequence_that_was_never_sent_is_4007()
    {
        var (client, ready) = await GatewayClient.IdentifiedAsync(_discord);
        using var _ = client;
        using var resuming = await GatewayClient.ConnectAsync(_discord);
        await resuming.ResumeAsync(ready, 99);

        Assert.Equal(4007, await resuming.ClosedAsync());
    }

    [Theory]
    [InlineData("""{"op":2,"d":{"token":"","intents":1,"properties":{}}}""", 4004)]
    [InlineData("""{"op":2,"d":{"token":"a","intents":131072,"properties":{}}}""", 4013)]
    [InlineData("""{"op":2,"d":{"token":"a","intents":1,"properties":{},"shard":[1,1]}}""", 4010)]
    [InlineData("""{"op":2,"d":{"token":"a","properties":{}}}""", 4002)]
    [InlineData("""{"op":3,"d":{}}""", 4003)]
    [InlineData("""{"op":99,"d":{}}""", 4001)]
    [InlineData("hello", 4002)]
    [InlineData("[]", 4002)]
    public async Task Closes_for_what_Discord_closes_for(string payload, int code)
    {
        using var client = await GatewayClient.ConnectAsync(_discord);
        await client.SendAsync(payload);

        Assert.Equal(code, await client.ClosedAsync());
    }

    [Theory]
    [InlineData("?v=6&encoding=json", 4012)]
    [InlineData("", 4012)]
    [InlineData("?v=10&encoding=etf", 4002)]
    public async Task Speaks_version_10_in_JSON(string query, int code)
    {
        using var client = await GatewayClient.ConnectAsync(await GatewayClient.UrlAsync(_discord), query);

        Assert.Equal(code, await client.ClosedAsync());
    }

    [Fact]
    public async Task Closes_for_an_identify_more_a_payload_too_long_and_too_many()
    {
        var (again, _) = await GatewayClient.IdentifiedAsync(_discord);
        await again.IdentifyAsync();
        using var tooLong = await GatewayClient.ConnectAsync(_discord);
        await tooLong.SendAsync($$"""{"op":1,"d":null,"x":"{{new string('x', 4096)}}"}""");
        using var tooMany = await GatewayClient.ConnectAsync(_discord);
        for (var i = 0; i < 121; i++)
            await tooMany.SendAsync("""{"op":1,"d":null}""");

        Assert.Equal((4005, 4002, 4008), (await again.ClosedAsync(), await tooLong.ClosedAsync(), await tooMany.ClosedAsync()));
        again.Dispose();
    }

    [Fact]
    public async Task Takes_one_identify_in_5_seconds_and_as_many_as_are_left()
    {
        await _discord.FakeAsync("PUT", "settings", """{"identifiesLeft":2}""");
        var (first, _) = await GatewayClient.IdentifiedAsync(_discord);
        using var second = await GatewayClient.ConnectAsync(_discord);
        await second.IdentifyAsync();
        Assert.Equal((9, false), Op(await second.NextAsync()));

        _time.Advance(TimeSpan.FromSeconds(5));
        await second.IdentifyAsync();
        await second.NextAsync("READY");
        Assert.Equal(0, (int)(await _discord.OkAsync("GET", "gateway/bot"))["session_start_limit"]!["remaining"]!);
        _time.Advance(TimeSpan.FromSeconds(5));
        using var third = await GatewayClient.ConnectAsync(_discord);
        await third.IdentifyAsync();

        Assert.Equal(4004, await third.ClosedAsync());
        first.Dispose();
    }

    [Fact]
    public async Task Without_MESSAGE_CONTENT_a_bot_reads_only_what_is_meant_for_it()
    {
        var (client, _) = await GatewayClient.IdentifiedAsync(_discord, GatewayClient.AllIntents & ~32768);
        await WriteAsync("secret");
        await WriteAsync($"hi <@{StandIn.BotId}>");
        await _discord.FakeAsync("POST", "messages", $$"""{"userId":"{{StandIn.Ben}}","content":"in private"}""");
        await _discord.PostAsync("mine");

        Assert.Equal("", (string?)(await client.NextAsync("MESSAGE_CREATE"))["content"]);
        Assert.Equal($"hi <@{StandIn.BotId}>", (string?)(await client.NextAsync("MESSAGE_CREATE"))["content"]);
        var dm = await client.NextAsync("MESSAGE_CREATE");
        Assert.Equal(("in private", 1, false), ((string?)dm["content"], (int)dm["channel_type"]!, dm.ContainsKey("guild_id")));
        Assert.Equal("mine", (string?)(await client.NextAsync("MESSAGE_CREATE"))["content"]);
        client.Dispose();
    }

    [Fact]
    public async Task Tells_of_messages_only_whoever_has_asked_for_them()
    {
        var (client, _) = await GatewayClient.IdentifiedAsync(_discord, intents: 4096);
        using var _ = client;
        await WriteAsync("in the guild");
        await _discord.FakeAsync("POST", "messages", $$"""{"userId":"{{StandIn.Ben}}","content":"in private"}""");

        Assert.Equal("in private", (string?)(await client.NextAsync("MESSAGE_CREATE"))["content"]);
    }

    [Fact]
    public async Task Intents_that_are_not_switched_on_are_4014_and_their_content_is_hidden_by_REST_too()
    {
        await WriteAsync("secret");
        await _discord.PutFaultsAsync("""{"kind":"disallowIntents","intents":32768}""");
        using var client = await GatewayClient.ConnectAsync(_discord);
        await client.IdentifyAsync();

        Assert.Equal(4014, await client.ClosedAsync());
        Assert.Equal("", (string?)(await _discord.OkAsync("GET", StandIn.Messages))["list"]![0]!["content"]);
    }

    [Fact]
    public async Task A_shard_gets_the_guilds_that_are_its_own()
    {
        // 100000000000000001 >> 22 is 23841857910, which is even.
        using var client = await GatewayClient.ConnectAsync(_discord);
        await client.IdentifyAsync(shard: "[1,2]");
        Assert.Empty((await client.NextAsync("READY"))["guilds"]!.AsArray());
        await _discord.FakeAsync("PUT", $"guilds/{100000000000000001 + (1 << 22)}", """{"name":"odd"}""");

        Assert.Equal("odd", (string?)(await client.NextAsync("GUILD_CREATE"))["name"]);
    }

    [Fact]
    public async Task Everything_that_can_go_wrong_can_be_asked_for()
    {
        var (client, ready) = await GatewayClient.IdentifiedAsync(_discord);
        using var _ = client;
        await _discord.PutFaultsAsync(
            """{"kind":"askForHeartbeat"},{"kind":"reconnect"},{"kind":"invalidSession","resumable":true},{"kind":"noHeartbeatAck"}""");
        Assert.Equal((1, null), Op(await client.NextAsync()));
        Assert.Equal((7, null), Op(await client.NextAsync()));
        Assert.Equal((9, true), Op(await client.NextAsync()));
        await client.SendAsync("""{"op":1,"d":null}""");

        await _discord.PutFaultsAsync("""{"kind":"loseDispatch","times":1},{"kind":"refuseGateway","times":1}""");
        await WriteAsync("lost");
        await WriteAsync("seen");
        Assert.Equal("seen", (string?)(await client.NextAsync("MESSAGE_CREATE"))["content"]);
        await Assert.ThrowsAsync<WebSocketException>(() => GatewayClient.ConnectAsync(_discord));

        await _discord.PutFaultsAsync("""{"kind":"dropGateway"},{"kind":"noHello","times":1}""");
        await Assert.ThrowsAsync<WebSocketException>(() => client.NextAsync());
        using var silent = await GatewayClient.ConnectAsync(await GatewayClient.UrlAsync(_discord));
        await silent.ResumeAsync(ready, 2);
        Assert.Equal("lost", (string?)(await silent.NextAsync("MESSAGE_CREATE"))["content"]);
        await _discord.PutFaultsAsync("""{"kind":"closeGateway","closeCode":4000}""");
        Assert.Equal(4000, await silent.ClosedAsync());
    }

    [Fact]
    public async Task A_reset_ends_every_session()
    {
        var (client, ready) = await GatewayClient.IdentifiedAsync(_discord);
        using var _ = client;
        await _discord.FakeAsync("DELETE", "");

        Assert.Equal(4000, await client.ClosedAsync());
        Assert.Equal(9, await FirstAnswerToResumeAsync(ready, 2));
    }

    private Task WriteAsync(string content) => _discord.FakeAsync(
        "POST", "messages", $$"""{"channelId":"{{StandIn.Channel}}","userId":"{{StandIn.Ben}}","content":"{{content}}"}""");

    private async Task<int> FirstAnswerToResumeAsync(JsonObject ready, int sequence)
    {
        using var client = await GatewayClient.ConnectAsync(_discord);
        await client.ResumeAsync(ready, sequence);
        return (int)(await client.NextAsync())!["op"]!;
    }

    private static (int Op, bool? Data) Op(JsonObject? frame) => ((int)frame!["op"]!, (bool?)frame["d"]);
}
