using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Games.Tests.FakeDiscord;

/// <summary>A bot's WebSocket that does only what a test says, also what is wrong.</summary>
internal sealed class GatewayClient : IDisposable
{
    public const int AllIntents = 1 + 512 + 4096 + 32768;

    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(30));

    public int? CloseCode { get; private set; }

    public int LastSequence { get; private set; }

    public static async Task<GatewayClient> ConnectAsync(string url, string query = "?v=10&encoding=json")
    {
        var client = new GatewayClient();
        await client._socket.ConnectAsync(new(url + query), client._patience.Token);
        return client;
    }

    public static async Task<GatewayClient> ConnectAsync(StandIn discord)
    {
        var client = await ConnectAsync(await UrlAsync(discord));
        Assert.Equal(10, (int)(await client.NextAsync())!["op"]!);
        return client;
    }

    public static async Task<string> UrlAsync(StandIn discord) => (string)(await discord.OkAsync("GET", "gateway/bot"))["url"]!;

    /// <summary>Identified, and past READY and the first guild.</summary>
    public static async Task<(GatewayClient Client, JsonObject Ready)> IdentifiedAsync(StandIn discord, int intents = AllIntents)
    {
        var client = await ConnectAsync(discord);
        await client.IdentifyAsync(intents);
        var ready = await client.NextAsync("READY");
        if ((intents & 1) != 0)
            await client.NextAsync("GUILD_CREATE");
        return (client, ready);
    }

    public Task IdentifyAsync(int intents = AllIntents, string shard = "[0,1]") => SendAsync($$$"""
        {"op":2,"d":{"token":"a.test.token","intents":{{{intents}}},"shard":{{{shard}}},"properties":{"os":"linux","browser":"x","device":"x"} } }
        """);

    public Task ResumeAsync(JsonObject ready, int sequence) => SendAsync($$$"""
        {"op":6,"d":{"seq":{{{sequence}}},"token":"a.test.token","session_id":"{{{ready["session_id"]}}}"}}
        """);

    public Task SendAsync(string text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, _patience.Token);

    public Task CloseAsync(int code) => _socket.CloseOutputAsync((WebSocketCloseStatus)code, "", _patience.Token);

    public void Abort() => _socket.Abort();

    /// <summary>The next frame; null once the server has closed.</summary>
    public async Task<JsonObject?> NextAsync()
    {
        var buffer = new byte[1 << 20];
        var length = 0;
        WebSocketReceiveResult received;
        do
        {
            received = await _socket.ReceiveAsync(new ArraySegment<byte>(buffer, length, buffer.Length - length), _patience.Token);
            length += received.Count;
        }
        while (!received.EndOfMessage);

        if (received.MessageType == WebSocketMessageType.Close)
        {
            CloseCode = (int?)received.CloseStatus;
            return null;
        }

        var frame = (JsonObject)JsonNode.Parse(Encoding.UTF8.GetString(buffer, 0, length))!;
        LastSequence = (int?)frame["s"] ?? LastSequence;
        return frame;
    }

    /// <summary>The data of the next dispatch, which is to be of this type.</summary>
    public async Task<JsonObject> NextAsync(string type)
    {
        var frame = await NextAsync();
        Assert.True(type == (string?)frame?["t"], $"{type} was expected: {frame?.ToJsonString()} {CloseCode}");
        return (JsonObject)frame!["d"]!;
    }

    public async Task<int?> ClosedAsync()
    {
        while (await NextAsync() is not null)
            continue;
        return CloseCode;
    }

    public void Dispose()
    {
        _socket.Dispose();
        _patience.Dispose();
    }
}
