using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Games.FakeDiscord.Faults;
using Games.FakeDiscord.Rest;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Gateway;

/// <summary>One WebSocket of a client: what it sends is checked as Discord checks it, what it is sent goes through one queue.</summary>
internal sealed class GatewayConnection(
    WebSocket socket,
    string resumeUrl,
    bool isResumeUrl,
    World world,
    GatewaySessions sessions,
    ActiveFaults faults,
    SettingsHolder settings,
    Statistics statistics,
    TimeProvider time)
{
    private const int MaxPayload = 4096;
    private const int MaxPayloads = 120;
    private const int GuildsThatNeedShards = 2500;
    private static readonly TimeSpan PayloadWindow = TimeSpan.FromSeconds(60);

    private readonly Queue<DateTimeOffset> _payloads = [];
    private readonly CancellationTokenSource _abandon = new();
    private ITimer? _deadline;
    private OutgoingFrames _outgoing = null!;

    public string ResumeUrl => resumeUrl;

    public GatewaySession? Session { get; private set; }

    private TimeSpan Patience => TimeSpan.FromMilliseconds(settings.Current.HeartbeatIntervalMs * 1.5);

    public async Task RunAsync(string? version, string? encoding, CancellationToken ct)
    {
        _outgoing = new(socket, _abandon);
        var sending = _outgoing.WriteAllAsync();
        var endsSession = false;
        _deadline = time.CreateTimer(_ => TimeOut(), null, Patience, Timeout.InfiniteTimeSpan);
        try
        {
            Greet(version, encoding);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, _abandon.Token);
            var status = await ReceiveAllAsync(stop.Token);
            endsSession = !_outgoing.IsClosing && status is WebSocketCloseStatus.NormalClosure or WebSocketCloseStatus.EndpointUnavailable;
            Close((int)(status ?? WebSocketCloseStatus.NormalClosure), "");
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client is gone without a word; its session waits for it.
        }
        finally
        {
            await _deadline.DisposeAsync();
            lock (world.Gate)
                sessions.Remove(this, endsSession);
            _outgoing.Complete();
            await sending;
            _abandon.Dispose();
        }
    }

    public void Send(string text) => _outgoing.Send(text);

    public void Close(int code, string reason) => _outgoing.Close(code, reason);

    public void Inject(Fault fault)
    {
        switch (fault.Kind)
        {
            case FaultKind.CloseGateway:
                Refuse(fault.CloseCode ?? 4000, "Unknown error.");
                break;
            case FaultKind.DropGateway:
                _outgoing.Drop();
                break;
            case FaultKind.Reconnect:
                SendOp(7, null);
                break;
            case FaultKind.InvalidSession:
                RefuseSession(fault.Resumable);
                break;
            case FaultKind.AskForHeartbeat:
                SendOp(1, null);
                break;
        }
    }

    /// <summary>Without heartbeats.</summary>
    private void TimeOut()
    {
        lock (world.Gate)
            Refuse(4009, "Session timed out.");
    }

    private void Greet(string? version, string? encoding)
    {
        lock (world.Gate)
        {
            sessions.Add(this);
            statistics.Gateway("connections");
            if (faults.Take(FaultKind.NoHello) is not null)
                return;
            if (version is not "10")
                Close(4012, "Invalid API version.");
            else if (encoding is not (null or "json"))
                Close(4002, "Error while decoding payload.");
            else
                SendOp(10, new JsonObject { ["heartbeat_interval"] = settings.Current.HeartbeatIntervalMs });
        }
    }

    private async Task<WebSocketCloseStatus?> ReceiveAllAsync(CancellationToken ct)
    {
        var buffer = new byte[MaxPayload + 1];
        var length = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), ct);
            if (received.MessageType == WebSocketMessageType.Close)
                return socket.CloseStatus;
            length += received.Count;
            if (length <= MaxPayload && !received.EndOfMessage)
                continue;

            lock (world.Gate)
            {
                if (length > MaxPayload)
                    Close(4002, "Error while decoding payload.");
                else if (!_outgoing.IsClosing)
                    Take(Encoding.UTF8.GetString(buffer, 0, length));
            }

            length = 0;
        }
    }

    private void Take(string text)
    {
        _payloads.Enqueue(world.Now);
        while (world.Now - _payloads.Peek() > PayloadWindow)
            _payloads.Dequeue();
        if (_payloads.Count > MaxPayloads)
        {
            Close(4008, "You are being rate limited.");
            return;
        }

        try
        {
            var payload = ObjectOf(JsonNode.Parse(text));
            Take(NumberOf(payload["op"]), payload["d"]);
        }
        catch (JsonException)
        {
            Close(4002, "Error while decoding payload.");
        }
    }

    private void Take(long op, JsonNode? data)
    {
        switch (op)
        {
            case 1:
                statistics.Gateway("heartbeats");
                _deadline!.Change(Patience, Timeout.InfiniteTimeSpan);
                if (faults.Take(FaultKind.NoHeartbeatAck) is null)
                    SendOp(11, null);
                break;
            case 2 or 6 when Session is not null:
                Close(4005, "Already authenticated.");
                break;
            case 2:
                Identify(ObjectOf(data));
                break;
            case 6:
                Resume(ObjectOf(data));
                break;
            case 3 or 4 or 8 or 31 when Session is null:
                Close(4003, "Not authenticated.");
                break;
            case 3 or 4 or 8 or 31:
                break;
            default:
                Close(4001, "Unknown opcode.");
                break;
        }
    }

    private void Identify(JsonObject data)
    {
        statistics.Gateway("identifies");
        var token = Form.TextOf(data["token"]) ?? "";
        var intents = NumberOf(data["intents"]);
        var (shard, shards) = data["shard"] is JsonArray { Count: 2 } pair ? ((int)NumberOf(pair[0]), (int)NumberOf(pair[1])) : (0, 1);
        if (IsRefused(token))
            return;
        var (code, reason) = data switch
        {
            _ when data["properties"] is not JsonObject => (4002, "Error while decoding payload."),
            _ when intents < 0 || (intents & ~Intents.Known) != 0 => (4013, "Invalid intent(s)."),
            _ when (intents & faults.DisallowedIntents()) != 0 => (4014, "Disallowed intent(s)."),
            _ when shard < 0 || shards < 1 || shard >= shards => (4010, "Invalid shard."),
            _ when shards == 1 && world.Guilds.Count > GuildsThatNeedShards => (4011, "Sharding required."),
            _ when sessions.IdentifiesLeft <= 0 => (4004, "Authentication failed."),
            _ => (0, ""),
        };
        if (code != 0)
        {
            Close(code, reason);
        }
        else if (sessions.TryIdentify(shard))
        {
            Session = sessions.Start(this, token, intents, shard, shards);
        }
        else
        {
            statistics.Gateway("identifiesTooSoon");
            SendOp(9, false);
        }
    }

    private void Resume(JsonObject data)
    {
        statistics.Gateway(isResumeUrl ? "resumes" : "resumesElsewhere");
        var token = Form.TextOf(data["token"]) ?? "";
        var sequence = (int)NumberOf(data["seq"]);
        if (IsRefused(token))
            return;
        if (sessions.Find(Form.TextOf(data["session_id"]) ?? "", token) is not { } session || !session.CanReplayFrom(sequence))
        {
            SendOp(9, false);
            return;
        }

        if (sequence > session.Sequence || sequence < 0)
        {
            sessions.End(session);
            Close(4007, "Invalid seq.");
            return;
        }

        sessions.Attach(session, this);
        Session = session;
        session.ReplayFrom(sequence);
        session.SayResumed();
    }

    private bool IsRefused(string token)
    {
        if (faults.Take(FaultKind.NoReady) is not null)
            return true;
        if (faults.Take(FaultKind.RefuseIdentify) is { } fault)
        {
            if (fault.CloseCode is { } code)
                Refuse(code, "Refused.");
            else
                SendOp(9, fault.Resumable);
            return true;
        }

        if (token.Length > 0 && faults.All.All(x => x.Kind != FaultKind.Unauthorized))
            return false;
        Close(4004, "Authentication failed.");
        return true;
    }

    /// <summary>These codes end the session: what comes next is an IDENTIFY.</summary>
    private void Refuse(int code, string reason)
    {
        if (Session is not null && code is 4001 or 4003 or 4004 or 4005 or 4007 or 4009 or (>= 4010 and <= 4014))
            sessions.End(Session!);
        Close(code, reason);
    }

    private void RefuseSession(bool resumable)
    {
        if (!resumable && Session is { } session)
        {
            sessions.End(session);
            session.Detach(world.Now);
            Session = null;
        }

        SendOp(9, resumable);
    }

    private static JsonObject ObjectOf(JsonNode? node) => node as JsonObject ?? throw new JsonException();

    private static long NumberOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<long>(out var number) ? number : throw new JsonException();

    private void SendOp(int op, JsonNode? data) =>
        Send(new JsonObject { ["op"] = op, ["d"] = data, ["s"] = null, ["t"] = null }.ToJsonString());
}
