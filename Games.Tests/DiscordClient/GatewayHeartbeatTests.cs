namespace Games.Tests.DiscordClient;

/// <summary>Heartbeats, queues and shards.</summary>
public sealed class GatewayHeartbeatTests
{
    private static readonly Func<ScriptedGateway.Peer, Task> Serve = peer => ScriptedGateway.ServeAsync(peer);

    [Fact]
    public async Task Beats_come_at_the_interval_and_tell_the_last_sequence()
    {
        await using var gateway = new ScriptedGateway(peer => ScriptedGateway.ServeAsync(peer, ScriptedGateway.Created(5)));
        _ = gateway.Run();
        await Until.TrueAsync(() => gateway.Handled.Count == 2, "it is ready");
        var start = gateway.Discord.Time.GetUtcNow();

        await gateway.UntilAsync(() => Beats() >= 3, "three beats", step: 5);

        Assert.InRange(gateway.Discord.Time.GetUtcNow() - start, TimeSpan.FromSeconds(80), TimeSpan.FromSeconds(150));
        Assert.Equal(5, gateway.Peers.Single().Frames.Last().GetProperty("d").GetInt64());
        Assert.Single(gateway.Peers);

        int Beats() => gateway.Peers.Single().Frames.Count(x => x.GetProperty("op").GetInt32() == 1);
    }

    [Fact]
    public async Task A_beat_that_is_not_acknowledged_ends_the_connection_and_the_session_goes_on()
    {
        await using var gateway = new ScriptedGateway(
            async peer =>
            {
                await peer.HelloAsync();
                await peer.ReceiveAsync();
                await peer.ReadyAsync();
                await peer.ReceiveAsync();
            },
            Serve);
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Handled.Any(x => x.Type == "RESUMED"), "it is resumed", step: 5);

        Assert.Equal(4900, gateway.Peers.First().Closed);
    }

    [Fact]
    public async Task A_beat_that_Discord_asks_for_is_sent_at_once()
    {
        await using var gateway = new ScriptedGateway(async peer =>
        {
            await peer.HelloAsync();
            await peer.ReceiveAsync();
            await peer.SendAsync("""{"op":1,"d":null}""");
            await peer.ReadAsync();
        });
        _ = gateway.Run();

        await Until.TrueAsync(() => gateway.Peers.SelectMany(x => x.Frames).Any(x => x.GetProperty("op").GetInt32() == 1), "it beats");
    }

    [Fact]
    public async Task A_slow_handler_delays_no_beat_and_one_that_is_too_slow_loses_nothing()
    {
        var release = new TaskCompletionSource();
        await using var gateway = new ScriptedGateway(
            peer => ScriptedGateway.ServeAsync(peer, [.. Enumerable.Range(2, 20).Select(ScriptedGateway.Created)]),
            async peer =>
            {
                await peer.HelloAsync();
                var after = (await peer.ReceiveAsync()).GetProperty("d").GetProperty("seq").GetInt32();
                for (var sequence = after + 1; sequence < 22; sequence++)
                    await peer.SendAsync(ScriptedGateway.Created(sequence));
                await peer.SendAsync("""{"op":0,"t":"RESUMED","s":22,"d":{}}""");
                await peer.AcknowledgeAsync();
            });
        gateway.Handler = received => received.Type == "READY" ? release.Task : Task.CompletedTask;
        _ = gateway.Run(queueLength: 10);

        await Until.TrueAsync(() => gateway.Client!.Problem is not null && gateway.Peers.Count == 1, "the first connection is given up");
        release.SetResult();
        await gateway.UntilAsync(() => gateway.Handled.Count >= 22, "all are handled");

        Assert.Equal(Enumerable.Range(2, 20).Select(x => (long)x), gateway.Handled.Where(x => x.Type == "MESSAGE_CREATE").Select(x => x.Sequence));
    }

    [Fact]
    public async Task A_handler_that_fails_holds_nobody()
    {
        await using var gateway = new ScriptedGateway(
            peer => ScriptedGateway.ServeAsync(peer, ScriptedGateway.Created(2), ScriptedGateway.Created(3)));
        gateway.Handler = received => received.Sequence == 2 ? throw new InvalidOperationException() : Task.CompletedTask;
        _ = gateway.Run();

        await Until.TrueAsync(() => gateway.Sessions.Saved.TryGetValue(0, out var saved) && saved.Sequence == 3, "the next is handled");
    }

    [Fact]
    public async Task Shards_identify_one_after_the_other()
    {
        await using var gateway = new ScriptedGateway(Serve) { Shards = 3, MaxConcurrency = 1 };
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Handled.Count == 3, "all are ready");

        var times = gateway.Peers.Select(x => x.At).ToList();
        Assert.True(times[1] - times[0] >= TimeSpan.FromSeconds(5) && times[2] - times[1] >= TimeSpan.FromSeconds(5));
        Assert.Equal(
            ["[0,3]", "[1,3]", "[2,3]"],
            gateway.Peers.Select(x => x.Frames.First().GetProperty("d").GetProperty("shard").GetRawText()).Order());
    }

    [Fact]
    public async Task No_session_is_started_when_Discord_lets_no_more_be_started()
    {
        await using var gateway = new ScriptedGateway(Serve) { Remaining = 3 };
        _ = gateway.Run();
        await Until.TrueAsync(() => gateway.Discord.Requests.Count(x => x.Path.EndsWith("/gateway/bot")) == 2, "it asks");
        Assert.Empty(gateway.Peers);

        gateway.Remaining = 1000;
        await gateway.UntilAsync(() => gateway.Handled.Count == 1, "it is ready", step: 5);
    }

    [Fact]
    public async Task A_server_that_ends_each_session_is_asked_ever_less_often()
    {
        await using var gateway = new ScriptedGateway(async peer =>
        {
            await peer.HelloAsync();
            await peer.ReceiveAsync();
            await peer.ReadyAsync();
            await peer.CloseAsync(4009);
        });
        _ = gateway.Run();

        var start = gateway.Discord.Time.GetUtcNow();
        await gateway.UntilAsync(() => gateway.Discord.Time.GetUtcNow() - start > TimeSpan.FromMinutes(8), "eight minutes are over", step: 2);

        Assert.InRange(gateway.Peers.Count, 8, 24);
    }
}
