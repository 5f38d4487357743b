using Games.DiscordClient.Gateway;

namespace Games.Tests.DiscordClient;

/// <summary>A session's life, as Discord's rules want it. The clock is moved by hand.</summary>
public sealed class GatewayTests
{
    private static readonly Func<ScriptedGateway.Peer, Task> Serve = peer => ScriptedGateway.ServeAsync(peer);

    [Fact]
    public async Task It_identifies_and_hands_each_event_to_its_handler()
    {
        await using var gateway = new ScriptedGateway(peer => ScriptedGateway.ServeAsync(peer, ScriptedGateway.Created(2)));
        _ = gateway.Run();

        await Until.TrueAsync(() => gateway.Sessions.Saved.TryGetValue(0, out var saved) && saved.Sequence == 2, "the sequence is saved");

        Assert.Equal(["READY", "MESSAGE_CREATE"], gateway.Handled.Select(x => x.Type));
        Assert.Null(gateway.Client!.Problem);
        var identify = gateway.Peers.Single().Frames.First();
        Assert.Equal((2, ScriptedDiscord.Token, 513), (
            identify.GetProperty("op").GetInt32(),
            identify.GetProperty("d").GetProperty("token").GetString(),
            identify.GetProperty("d").GetProperty("intents").GetInt32()));
        Assert.Equal("[0,1]", identify.GetProperty("d").GetProperty("shard").GetRawText());
        Assert.Equal("s1", gateway.Sessions.Saved[0].Id);
        Assert.EndsWith("/resume", gateway.Sessions.Saved[0].ResumeUrl);
    }

    [Theory]
    [InlineData(4000), InlineData(4002), InlineData(4008), InlineData(1006), InlineData(1011), InlineData(4321)]
    public async Task A_close_that_leaves_the_session_is_followed_by_RESUME_at_the_address_of_the_session(int code)
    {
        await using var gateway = new ScriptedGateway(peer => CloseAsync(peer, code), Serve);
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Handled.Any(x => x.Type == "RESUMED"), "it is resumed");

        var resume = gateway.Peers.Last();
        Assert.Equal((6, "/resume/"), (resume.Op, resume.Path));
        Assert.Equal("""{"token":"the.secret.token","session_id":"s1","seq":1}""", resume.Frames.First().GetProperty("d").GetRawText());
        Assert.Equal(2, gateway.Peers.Count);
    }

    [Theory]
    [InlineData(1000), InlineData(1001), InlineData(4001), InlineData(4003), InlineData(4005), InlineData(4007), InlineData(4009)]
    public async Task A_close_that_ends_the_session_is_followed_by_IDENTIFY(int code)
    {
        await using var gateway = new ScriptedGateway(peer => CloseAsync(peer, code), Serve);
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Handled.Count(x => x.Type == "READY") == 2, "a new session is ready");

        var second = gateway.Peers.Last();
        Assert.Equal((2, "/gateway/"), (second.Op, second.Path));
    }

    [Theory]
    [InlineData(4004), InlineData(4010), InlineData(4011), InlineData(4012), InlineData(4013), InlineData(4014)]
    public async Task A_refusal_is_told_and_not_tried_again(int code)
    {
        await using var gateway = new ScriptedGateway(async peer =>
        {
            await peer.HelloAsync();
            await peer.ReceiveAsync();
            await peer.CloseAsync(code);
        });

        var refused = await Assert.ThrowsAsync<GatewayRefusedException>(() => gateway.Run());

        Assert.Equal(code, refused.Code);
        Assert.DoesNotContain("secret", refused.ToString());
        Assert.Single(gateway.Peers);
        Assert.Equal(refused.Message, gateway.Client!.Problem);
    }

    [Theory]
    [InlineData("""{"op":7,"d":null}""", 6)]
    [InlineData("""{"op":9,"d":true}""", 6)]
    [InlineData("""{"op":9,"d":false}""", 2)]
    public async Task What_Discord_asks_for_is_done(string frame, int next)
    {
        await using var gateway = new ScriptedGateway(
            async peer =>
            {
                await ReadyAsync(peer);
                await peer.SendAsync(frame);
                await peer.AcknowledgeAsync();
            },
            Serve);
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Peers.Count == 2 && gateway.Peers.Last().Op == next, $"it comes with op {next}");
        await Until.TrueAsync(() => gateway.Peers.First().Closed == 4900, "the first was closed so that it can be resumed");
        if (frame.Contains("\"op\":9"))
            Assert.True(gateway.Peers.Last().At - gateway.Peers.First().At >= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_wish_for_another_connection_may_come_before_HELLO()
    {
        await using var gateway = new ScriptedGateway(peer => peer.SendAsync("""{"op":7,"d":null}"""), Serve);
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Handled.Any(x => x.Type == "READY"), "it is ready");
    }

    [Theory]
    [InlineData("HELLO")]
    [InlineData("READY")]
    public async Task A_server_that_accepts_and_says_nothing_is_given_up(string missing)
    {
        await using var gateway = new ScriptedGateway(
            async peer =>
            {
                if (missing == "READY")
                    await peer.HelloAsync();
                await peer.AcknowledgeAsync();
            },
            Serve);
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Handled.Any(x => x.Type == "READY"), "it is ready");

        Assert.Equal(2, gateway.Peers.Count);
    }

    [Fact]
    public async Task A_RESUME_that_is_never_answered_ends_in_a_new_session()
    {
        await using var gateway = new ScriptedGateway(async peer =>
        {
            await peer.HelloAsync();
            if ((await peer.ReceiveAsync()).GetProperty("op").GetInt32() == 2)
                await peer.ReadyAsync("s2");
            await peer.AcknowledgeAsync();
        });
        gateway.Sessions.Saved[0] = new("s0", null, 7, 1);
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Sessions.Saved[0].Id == "s2", "there is a new session", step: 2);

        Assert.Equal([6, 6, 6, 2], gateway.Peers.Select(x => x.Op));
    }

    [Fact]
    public async Task Whoever_takes_over_resumes_after_the_last_event_that_was_handled()
    {
        await using var gateway = new ScriptedGateway(peer => ScriptedGateway.ServeAsync(peer, ScriptedGateway.Created(42)));
        gateway.Sessions.Saved[0] = new("s0", $"{gateway.Discord.Address.ToString().Replace("http", "ws")}resume", 41, 1);
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Handled.Any(x => x.Type == "RESUMED"), "it is resumed");

        Assert.Equal("""{"token":"the.secret.token","session_id":"s0","seq":41}""",
            gateway.Peers.Single().Frames.First().GetProperty("d").GetRawText());
        Assert.Equal("MESSAGE_CREATE", gateway.Handled.First().Type);
    }

    [Fact]
    public async Task A_session_of_another_number_of_shards_is_none()
    {
        await using var gateway = new ScriptedGateway(Serve);
        gateway.Sessions.Saved[0] = new("s0", null, 41, 2);
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Handled.Any(x => x.Type == "READY"), "it is ready");
    }

    [Fact]
    public async Task An_end_from_this_side_leaves_the_session_to_the_next()
    {
        await using var gateway = new ScriptedGateway(Serve);
        _ = gateway.Run();
        await Until.TrueAsync(() => gateway.Handled.Any(x => x.Type == "READY"), "it is ready");

        await gateway.StopAsync();

        await Until.TrueAsync(() => gateway.Peers.Single().Closed == 4900, "it has closed");
    }

    private static async Task ReadyAsync(ScriptedGateway.Peer peer)
    {
        await peer.HelloAsync();
        await peer.ReceiveAsync();
        await peer.ReadyAsync();
    }

    private static async Task CloseAsync(ScriptedGateway.Peer peer, int code)
    {
        await ReadyAsync(peer);
        // 1006 is what a socket says that was closed without a word.
        if (code != 1006)
            await peer.CloseAsync(code);
    }
}
