using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;

namespace Games.DiscordClient.Gateway;

/// <summary>A frame of the gateway.</summary>
internal sealed record Frame(int Op, JsonElement Data, long? Sequence, string? Type);

/// <summary>The connection was closed, or lost.</summary>
/// <param name="code">Of the close frame; null if there was none.</param>
internal sealed class GatewayClosedException(int? code, string reason, Exception? cause = null) : Exception(reason, cause)
{
    public int? Code => code;
}

/// <summary>One connection: frames as JSON, each way one at a time, and not more of them than Discord lets through.</summary>
internal sealed class GatewaySocket(TimeProvider time) : IAsyncDisposable
{
    private const int MaxSent = 4096;
    private const int MaxReceived = 32 * 1024 * 1024;

    // Of 120; the rest is for heartbeats.
    private const int FramesPerMinute = 110;

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly ClientWebSocket _socket = new() { Options = { KeepAliveInterval = TimeSpan.Zero } };
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Queue<DateTimeOffset> _sent = new();

    public async Task ConnectAsync(Uri url, CancellationToken ct)
    {
        try
        {
            await _socket.ConnectAsync(url, ct);
        }
        catch (WebSocketException lost)
        {
            throw new GatewayClosedException(null, lost.GetBaseException().Message, lost);
        }
    }

    /// <exception cref="GatewayClosedException">There will be no more.</exception>
    public async Task<Frame> ReceiveAsync(CancellationToken ct)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        try
        {
            while (true)
            {
                var read = await _socket.ReceiveAsync(buffer.GetMemory(8 * 1024), ct);
                if (read.MessageType is WebSocketMessageType.Close)
                    throw new GatewayClosedException((int?)_socket.CloseStatus, _socket.CloseStatusDescription ?? "");

                buffer.Advance(read.Count);
                if (buffer.WrittenCount > MaxReceived)
                    throw new GatewayClosedException(null, "a frame is too large");
                if (read.EndOfMessage)
                    return Parse(buffer.WrittenMemory);
            }
        }
        catch (Exception lost) when (lost is WebSocketException or IOException)
        {
            ct.ThrowIfCancellationRequested();
            throw new GatewayClosedException(null, lost.GetBaseException().Message, lost);
        }
    }

    /// <param name="op">What it is.</param>
    /// <param name="data">Its d.</param>
    /// <param name="isHeartbeat">Waits for nothing.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ArgumentException">It has more than 4096 bytes, which the gateway would close with 4002.</exception>
    public async Task SendAsync(int op, object? data, bool isHeartbeat, CancellationToken ct)
    {
        var frame = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object?> { ["op"] = op, ["d"] = data });
        if (frame.Length > MaxSent)
            throw new ArgumentException($"A frame with op {op} has {frame.Length} bytes, and the gateway takes {MaxSent}.", nameof(data));

        if (!isHeartbeat)
            await WaitForTurnAsync(ct);
        await _sending.WaitAsync(ct);
        try
        {
            await _socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, ct);
        }
        catch (Exception lost) when (lost is WebSocketException or IOException)
        {
            throw new GatewayClosedException(null, lost.GetBaseException().Message, lost);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Closes so that the session can be resumed. A line that is dead is not waited for.</summary>
    public async Task CloseAsync()
    {
        using var timeout = new CancellationTokenSource(CloseTimeout, time);
        try
        {
            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await _socket.CloseOutputAsync((WebSocketCloseStatus)CloseCodes.Resuming, "", timeout.Token);
        }
        catch (Exception lost) when (lost is WebSocketException or IOException or OperationCanceledException or InvalidOperationException)
        {
            // It is gone already.
        }

        _socket.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _socket.Dispose();
    }

    private async Task WaitForTurnAsync(CancellationToken ct)
    {
        while (true)
        {
            TimeSpan wait;
            lock (_sent)
            {
                var now = time.GetUtcNow();
                while (_sent.TryPeek(out var first) && now - first >= TimeSpan.FromMinutes(1))
                    _sent.Dequeue();
                if (_sent.Count < FramesPerMinute)
                {
                    _sent.Enqueue(now);
                    return;
                }

                wait = _sent.Peek() + TimeSpan.FromMinutes(1) - now;
            }

            await Task.Delay(wait, time, ct);
        }
    }

    private static Frame Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            // Parsed into memory of its own: it outlives the buffer.
            var frame = JsonElement.Parse(json.Span);
            return new(
                frame.GetProperty("op").GetInt32(),
                frame.TryGetProperty("d", out var data) ? data : default,
                frame.TryGetProperty("s", out var s) && s.ValueKind is JsonValueKind.Number ? s.GetInt64() : null,
                frame.TryGetProperty("t", out var t) && t.ValueKind is JsonValueKind.String ? t.GetString() : null);
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new GatewayClosedException(null, "a frame cannot be read", unreadable);
        }
    }
}
