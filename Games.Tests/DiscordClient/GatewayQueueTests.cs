using System.Net;
using System.Net.Sockets;
using Games.DiscordClient.Gateway;

namespace Games.Tests.DiscordClient;

/// <summary>Which events are handled when, and from where on whoever takes over resumes.</summary>
public sealed class GatewayQueueTests
{
    [Fact]
    public async Task An_interaction_does_not_wait_for_what_came_before_it()
    {
        var release = new TaskCompletionSource();
        await using var gateway = Serving(ScriptedGateway.Created(2), ScriptedGateway.Clicked(3));
        gateway.Handler = received => received.Type == "MESSAGE_CREATE" ? release.Task : Task.CompletedTask;
        _ = gateway.Run();

        await Until.TrueAsync(() => gateway.Handled.Any(x => x.Sequence == 3), "the interaction is handled");

        Assert.DoesNotContain(gateway.Handled, x => x.Sequence == 2);
        release.SetResult();
        await SavedAsync(gateway, 3);
    }

    [Theory]
    [InlineData(1, "INTERACTION_CREATE")]
    [InlineData(4, "MESSAGE_CREATE")]
    public async Task A_session_is_saved_up_to_the_first_event_that_is_not_handled(int atOnce, string type)
    {
        var release = new TaskCompletionSource();
        await using var gateway = Serving([
            type == "MESSAGE_CREATE" ? ScriptedGateway.Created(2) : ScriptedGateway.Clicked(2),
            .. Enumerable.Range(3, 80).Select(ScriptedGateway.Created)]);
        gateway.Handler = received => received.Sequence == 2 ? release.Task : Task.CompletedTask;
        _ = gateway.Run(handledAtOnce: atOnce);
        await Until.TrueAsync(() => gateway.Handled.Count(x => x.Sequence > 2) == 80, "the others are handled");
        await SavedAsync(gateway, 1);

        release.SetResult();

        await SavedAsync(gateway, 82);
    }

    [Fact]
    public async Task What_is_broken_off_is_left_to_whoever_resumes()
    {
        var never = new TaskCompletionSource();
        await using var gateway = Serving(ScriptedGateway.Clicked(2), ScriptedGateway.Created(3));
        gateway.Handler = received => received.Sequence == 2 ? never.Task : Task.CompletedTask;
        _ = gateway.Run();
        await Until.TrueAsync(() => gateway.Handled.Any(x => x.Sequence == 3), "the other is handled");

        await gateway.StopAsync();
        never.SetCanceled(TestContext.Current.CancellationToken);

        Assert.Equal(1, gateway.Sessions.Saved[0].Sequence);
    }

    [Fact]
    public async Task An_unhandled_event_of_a_session_that_is_over_holds_no_other()
    {
        var release = new TaskCompletionSource();
        await using var gateway = new ScriptedGateway(
            async peer =>
            {
                await peer.HelloAsync();
                await peer.ReceiveAsync();
                await peer.ReadyAsync("s1");
                await peer.SendAsync(ScriptedGateway.Clicked(2));
                await peer.SendAsync("""{"op":9,"d":false}""");
                await peer.AcknowledgeAsync();
            },
            async peer =>
            {
                await peer.HelloAsync();
                await peer.ReceiveAsync();
                await peer.ReadyAsync("s2");
                await peer.SendAsync(ScriptedGateway.Created(2));
                await peer.SendAsync(ScriptedGateway.Created(3));
                await peer.AcknowledgeAsync();
            });
        gateway.Handler = received => received.Type == "INTERACTION_CREATE" ? release.Task : Task.CompletedTask;
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Sessions.Saved.TryGetValue(0, out var saved) && saved is { Id: "s2", Sequence: 3 }, "it is saved");
        release.SetResult();
    }

    /// <summary>Not even the handshake of a WebSocket is answered.</summary>
    [Fact]
    public async Task A_server_that_takes_connections_and_says_nothing_is_given_up()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var gateway = Serving();
        gateway.Sessions.Saved[0] = new("s0", $"ws://{silent.LocalEndpoint}", 7, 1);
        _ = gateway.Run();

        await gateway.UntilAsync(() => gateway.Handled.Any(x => x.Type == "RESUMED"), "it goes on where Discord says that its gateway is");
    }

    private static ScriptedGateway Serving(params string[] events) => new(peer => ScriptedGateway.ServeAsync(peer, events));

    private static Task SavedAsync(ScriptedGateway gateway, int sequence) => Until.TrueAsync(
        () => gateway.Sessions.Saved.TryGetValue(0, out var saved) && saved.Sequence == sequence, $"sequence {sequence} is saved");
}
