using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Games.DiscordClient.Gateway;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Games.Tests.DiscordClient;

/// <summary>A gateway that does to each connection what a test says, one after the other; the last goes on for all that come later.</summary>
internal sealed class ScriptedGateway : IAsyncDisposable
{
    private readonly Func<Peer, Task>[] _scripts;
    private readonly CancellationTokenSource _stop = new();
    private int _connections;
    private Task _running = Task.CompletedTask;

    public ScriptedGateway(params Func<Peer, Task>[] scripts)
    {
        _scripts = scripts;
        Discord = new(AnswerAsync);
    }

    public ScriptedDiscord Discord { get; }

    public MemorySessions Sessions { get; } = new();

    /// <summary>What the handler was given.</summary>
    public ConcurrentQueue<GatewayEvent> Handled { get; } = [];

    public Func<GatewayEvent, Task> Handler { get; set; } = _ => Task.CompletedTask;

    /// <summary>Path of each connection, with the first frame that it sent ("" if none yet).</summary>
    public ConcurrentQueue<Peer> Peers { get; } = [];

    public GatewayClient? Client { get; private set; }

    public int Shards { get; init; } = 1;

    public int MaxConcurrency { get; init; } = 1;

    public int Remaining { get; set; } = 1000;

    /// <summary>Runs the client; the returned task is its end.</summary>
    public Task Run(int queueLength = 1_000, int handledAtOnce = 1)
    {
        Client = new(
            Discord.Client(),
            new()
            {
                Token = ScriptedDiscord.Token,
                Intents = GatewayIntents.Guilds | GatewayIntents.GuildMessages,
                QueueLength = queueLength,
                HandledAtOnce = handledAtOnce,
            },
            Sessions, Discord.Time, NullLogger<GatewayClient>.Instance);
        return _running = Client.RunAsync(
            async (received, _) =>
            {
                await Handler(received);
                Handled.Enqueue(received);
            },
            _stop.Token);
    }

    public Task StopAsync()
    {
        _stop.Cancel();
        return Task.WhenAny(_running);
    }

    public Task UntilAsync(Func<bool> condition, string what, double step = 0.5) =>
        Discord.AdvanceUntilAsync(TimeSpan.FromSeconds(step), condition, what);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Discord.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>HELLO, then IDENTIFY is answered with READY, and RESUME with RESUMED; heartbeats are acknowledged.</summary>
    public static async Task ServeAsync(Peer peer, params string[] events)
    {
        await peer.HelloAsync();
        var first = await peer.ReceiveAsync();
        if (first.GetProperty("op").GetInt32() == 2)
            await peer.ReadyAsync();
        foreach (var sent in events)
            await peer.SendAsync(sent);
        if (first.GetProperty("op").GetInt32() == 6)
            await peer.SendAsync("""{"op":0,"t":"RESUMED","s":null,"d":{}}""".Replace("null", $"{peer.NextSequence()}"));
        await peer.AcknowledgeAsync();
    }

    public static string Clicked(int sequence) => $$$"""{"op":0,"t":"INTERACTION_CREATE","s":{{{sequence}}},"d":{"id":"{{{sequence}}}"}}""";

    public static string Created(int sequence) => $$$"""{"op":0,"t":"MESSAGE_CREATE","s":{{{sequence}}},"d":{"id":"{{{sequence}}}"}}""";

    private async Task AnswerAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await ScriptedDiscord.Json(context, 200, $$$"""
                {"url":"{{{Discord.Address.ToString().Replace("http", "ws")}}}gateway","shards":{{{Shards}}},
                "session_start_limit":{"total":1000,"remaining":{{{Remaining}}},"reset_after":60000,"max_concurrency":{{{MaxConcurrency}}}}}
                """);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var peer = new Peer(socket, context.Request.Path, Discord.Address, Discord.Time.GetUtcNow());
        var number = Interlocked.Increment(ref _connections) - 1;
        Peers.Enqueue(peer);
        try
        {
            await _scripts[Math.Min(number, _scripts.Length - 1)](peer);
        }
        catch (Exception lost) when (lost is WebSocketException or OperationCanceledException or IOException or EndOfStreamException)
        {
            // The client has closed.
        }
    }

    /// <summary>The server's end of a connection.</summary>
    internal sealed class Peer(WebSocket socket, string path, Uri address, DateTimeOffset at)
    {
        private int _sequence = 1000;

        public string Path => path;

        public DateTimeOffset At => at;

        public ConcurrentQueue<JsonElement> Frames { get; } = [];

        /// <summary>The code with which the client has closed.</summary>
        public int? Closed { get; private set; }

        public int Op => Frames.TryPeek(out var first) ? first.GetProperty("op").GetInt32() : -1;

        public int NextSequence() => ++_sequence;

        public Task HelloAsync(int interval = 40_000) => SendAsync($$$"""{"op":10,"d":{"heartbeat_interval":{{{interval}}}}}""");

        public Task ReadyAsync(string session = "s1") => SendAsync($$$"""
            {"op":0,"t":"READY","s":1,"d":{"v":10,"user":{"id":"1"},"guilds":[],"session_id":"{{{session}}}",
            "resume_gateway_url":"{{{address.ToString().Replace("http", "ws")}}}resume"}}
            """);

        public Task SendAsync(string frame) => socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, true, default);

        public Task CloseAsync(int code) => socket.CloseAsync((WebSocketCloseStatus)code, "as the test says", default);

        /// <summary>The next frame but heartbeats.</summary>
        public async Task<JsonElement> ReceiveAsync()
        {
            while (true)
            {
                if (await ReadAsync() is var frame && frame.GetProperty("op").GetInt32() != 1)
                    return frame;
            }
        }

        public async Task AcknowledgeAsync()
        {
            while (true)
            {
                if ((await ReadAsync()).GetProperty("op").GetInt32() == 1)
                    await SendAsync("""{"op":11}""");
            }
        }

        public async Task<JsonElement> ReadAsync()
        {
            var buffer = new byte[8192];
            var read = await socket.ReceiveAsync(buffer, default);
            if (read.MessageType is WebSocketMessageType.Close)
            {
                Closed = (int?)socket.CloseStatus;
                throw new EndOfStreamException();
            }

            var frame = JsonElement.Parse(buffer.AsSpan(0, read.Count));
            Frames.Enqueue(frame);
            return frame;
        }
    }

    internal sealed class MemorySessions : ISessionStore
    {
        public ConcurrentDictionary<int, GatewaySession> Saved { get; } = [];

        public Task<GatewaySession?> LoadAsync(int shard, CancellationToken ct) => Task.FromResult(Saved.GetValueOrDefault(shard));

        public Task SaveAsync(int shard, GatewaySession session, CancellationToken ct)
        {
            Saved[shard] = session;
            return Task.CompletedTask;
        }
    }
}
