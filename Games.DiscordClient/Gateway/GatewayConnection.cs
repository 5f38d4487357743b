using System.Text.Json;

namespace Games.DiscordClient.Gateway;

/// <summary>Why and how a connection has ended.</summary>
/// <param name="Aftermath">Of its session.</param>
/// <param name="Reason">For the log.</param>
/// <param name="Code">Of Discord's close frame, if there was one.</param>
/// <param name="WasConnected">Whether there was a line at all.</param>
/// <param name="WasReady">When it was READY or RESUMED; null if it never was.</param>
/// <param name="IsInvalid">Whether Discord has refused the session, and wants a pause.</param>
internal sealed record ConnectionEnd(
    Aftermath Aftermath, string Reason, int? Code, bool WasConnected, DateTimeOffset? WasReady, bool IsInvalid = false);

/// <summary>One connection of a shard, from HELLO to its end. Each step has its time: a server that says nothing is as good as none.</summary>
internal sealed class GatewayConnection(
    int shard, int shards, GatewayOptions options, EventQueue events, GatewaySession? session, IdentifyTurns.Turn? turn,
    Action<GatewaySession> isReady, TimeProvider time)
    : IAsyncDisposable
{
    private const string Full = "its handler is slower than its events";

    private readonly GatewaySocket _socket = new(time);
    private readonly CancellationTokenSource _life = new();
    private GatewaySession? _session = session;
    private string _awaited = "a connection";
    private string? _reason;
    private bool _isConnected;
    private DateTimeOffset? _readyAt;
    private Heartbeat? _heartbeat;
    private Task _beating = Task.CompletedTask;

    /// <summary>The session with the last event that was taken; null if there is none.</summary>
    public GatewaySession? Session => _session;

    public async ValueTask DisposeAsync()
    {
        await _life.CancelAsync();
        await _socket.DisposeAsync();
        await _beating.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _life.Dispose();
    }

    public async Task<ConnectionEnd> RunAsync(string url, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(options.HelloTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        // A read that is cancelled would end the connection without a word: it is closed instead, and the read ends with that.
        await using var late = deadline.Token.Register(() => Close($"waited for {_awaited} in vain"));
        await using var stopped = ct.Register(() => Close("stopped"));
        try
        {
            await _socket.ConnectAsync(AddressOf(url), either.Token);
            (_isConnected, _awaited) = (true, "HELLO");
            while (true)
            {
                if (await TakeAsync(await _socket.ReceiveAsync(CancellationToken.None), deadline) is { } end)
                    return end;
            }
        }
        catch (GatewayClosedException closed)
        {
            var reason = _reason ?? (closed.Code is { } code ? $"{code} {closed.Message}" : closed.Message);
            return End(_reason is null ? CloseCodes.AftermathOf(closed.Code) : Aftermath.Resume, reason, closed.Code);
        }
        catch (OperationCanceledException)
        {
            return End(Aftermath.Resume, _reason ?? "stopped");
        }
        finally
        {
            await _life.CancelAsync();
        }
    }

    private async Task<ConnectionEnd?> TakeAsync(Frame frame, CancellationTokenSource deadline)
    {
        switch (frame.Op)
        {
            case 0 when frame is { Sequence: { } sequence, Type: { } type }:
                return Dispatch(new(type, sequence, frame.Data), deadline);
            case 1:
                await (_heartbeat?.BeatAsync(_life.Token) ?? Task.CompletedTask);
                return null;
            case 7:
                return End(Aftermath.Resume, "Discord asks for a new connection");
            case 9:
                var isResumable = frame.Data.ValueKind is JsonValueKind.True;
                return End(isResumable ? Aftermath.Resume : Aftermath.Identify, "the session is invalid", isInvalid: true);
            case 10 when _heartbeat is null:
                await GreetAsync(frame.Data, deadline);
                return null;
            case 11:
                _heartbeat?.Acknowledged();
                return null;
            default:
                return null;
        }
    }

    private async Task GreetAsync(JsonElement hello, CancellationTokenSource deadline)
    {
        if (hello.ValueKind is not JsonValueKind.Object || !hello.TryGetProperty("heartbeat_interval", out var interval)
            || interval.ValueKind is not JsonValueKind.Number || !interval.TryGetInt32(out var milliseconds) || milliseconds <= 0)
        {
            throw new GatewayClosedException(null, "HELLO names no interval");
        }

        _heartbeat = new(_socket, time);
        if (_session is not null)
            _heartbeat.Received(_session.Sequence);
        _beating = BeatAsync(_heartbeat, TimeSpan.FromMilliseconds(milliseconds));
        (_awaited, var patience) = _session is null ? ("READY", options.ReadyTimeout) : ("RESUMED", options.ResumedTimeout);
        deadline.CancelAfter(patience);
        if (_session is { } session)
        {
            await _socket.SendAsync(op: 6, new { token = options.Token, session_id = session.Id, seq = session.Sequence }, false, _life.Token);
        }
        else
        {
            await _socket.SendAsync(op: 2, Identity(), false, _life.Token);
            turn?.Dispose();
        }
    }

    private object Identity() => new
    {
        token = options.Token,
        intents = (int)options.Intents,
        properties = new { os = "linux", browser = "games", device = "games" },
        compress = false,
        shard = new[] { shard, shards },
    };

    private async Task BeatAsync(Heartbeat heartbeat, TimeSpan interval)
    {
        try
        {
            await heartbeat.RunAsync(interval, _life.Token);
        }
        catch (GatewayClosedException dead)
        {
            Close(dead.Message);
        }
        catch (OperationCanceledException)
        {
            // The connection has ended.
        }
    }

    private ConnectionEnd? Dispatch(GatewayEvent received, CancellationTokenSource deadline)
    {
        if (received.Type is "READY")
        {
            var id = TextOf(received.Data, "session_id") ?? throw new GatewayClosedException(null, "READY names no session");
            _session = new(id, TextOf(received.Data, "resume_gateway_url"), received.Sequence, shards);
        }

        if (_session is null || !events.TryAdd(received, _session))
            return End(Aftermath.Resume, _session is null ? "an event came before READY" : Full);

        _session = _session with { Sequence = received.Sequence };
        _heartbeat?.Received(received.Sequence);
        if (received.Type is "READY" or "RESUMED")
        {
            deadline.CancelAfter(Timeout.InfiniteTimeSpan);
            _readyAt = time.GetUtcNow();
            isReady(_session);
        }
        else if (_readyAt is null)
        {
            deadline.CancelAfter(options.ResumedTimeout);
        }

        return null;
    }

    private ConnectionEnd End(Aftermath aftermath, string reason, int? code = null, bool isInvalid = false) =>
        new(aftermath, reason, code, _isConnected, _readyAt, isInvalid);

    private void Close(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        _ = _socket.CloseAsync();
    }

    private static string? TextOf(JsonElement data, string name) =>
        data.ValueKind is JsonValueKind.Object && data.TryGetProperty(name, out var text) && text.ValueKind is JsonValueKind.String
            ? text.GetString()
            : null;

    private static Uri AddressOf(string url) =>
        Uri.TryCreate($"{url.TrimEnd('/')}/?v=10&encoding=json", UriKind.Absolute, out var address) && address.Scheme is "ws" or "wss"
            ? address
            : throw new GatewayClosedException(null, $"\"{url}\" is no address of a gateway");
}
