using System.ComponentModel;

namespace Games.FakeDiscord.Faults;

internal enum FaultKind
{
    /// <summary>REST: answers after <c>milliseconds</c>.</summary>
    Latency,

    /// <summary>REST: answers with <c>status</c>, <c>code</c> and <c>message</c>, and does nothing.</summary>
    Error,

    /// <summary>REST: 429 with <c>retryAfter</c>, <c>scope</c>, <c>code</c>; <c>headerRetryAfter</c> is a header that says else.</summary>
    RateLimit,

    /// <summary>REST: 401. Gateway: closes with 4004.</summary>
    Unauthorized,

    /// <summary>REST: does nothing, and answers never.</summary>
    Timeout,

    /// <summary>REST: does what is asked, and answers never.</summary>
    TimeoutAfterSuccess,

    /// <summary>REST: does nothing, and cuts the connection.</summary>
    Disconnect,

    /// <summary>REST: does what is asked, and cuts the connection.</summary>
    DisconnectAfterSuccess,

    /// <summary>Gateway: a connection is refused with 503.</summary>
    RefuseGateway,

    /// <summary>Gateway: takes a connection and says nothing.</summary>
    NoHello,

    /// <summary>Gateway: an IDENTIFY or RESUME is not answered.</summary>
    NoReady,

    /// <summary>Gateway: heartbeats are not acknowledged.</summary>
    NoHeartbeatAck,

    /// <summary>Gateway: an IDENTIFY or RESUME is answered with op 9 (<c>resumable</c>), or with <c>closeCode</c>.</summary>
    RefuseIdentify,

    /// <summary>Gateway: <c>intents</c> are not switched on for this bot: 4014; without MESSAGE_CONTENT, REST hides content too.</summary>
    DisallowIntents,

    /// <summary>Gateway: a dispatch (<c>event</c>) is not sent.</summary>
    LoseDispatch,

    /// <summary>Gateway: a dispatch (<c>event</c>) is sent twice.</summary>
    DuplicateDispatch,

    /// <summary>Now: closes all connections of the gateway with <c>closeCode</c>.</summary>
    CloseGateway,

    /// <summary>Now: cuts all connections of the gateway without a close frame.</summary>
    DropGateway,

    /// <summary>Now: op 7.</summary>
    Reconnect,

    /// <summary>Now: op 9 (<c>resumable</c>).</summary>
    InvalidSession,

    /// <summary>Now: op 1, to be answered at once.</summary>
    AskForHeartbeat,
}

/// <summary>What goes wrong. Without method, path and times: every request, until the faults are put anew.</summary>
internal sealed record Fault
{
    [Description("latency, error, rateLimit, unauthorized, timeout, timeoutAfterSuccess, disconnect, disconnectAfterSuccess (REST); refuseGateway, "
        + "noHello, noReady, noHeartbeatAck, refuseIdentify, disallowIntents, loseDispatch, duplicateDispatch (gateway, until put anew); "
        + "closeGateway, dropGateway, reconnect, invalidSession, askForHeartbeat (gateway, now and once)")]
    public required FaultKind Kind { get; init; }

    [Description("Only requests with this method.")]
    public string? Method { get; init; }

    [Description("Only requests whose path contains this, for instance /channels/200000000000000001/messages.")]
    public string? Path { get; init; }

    [Description("Only dispatches of this type, for instance MESSAGE_CREATE.")]
    public string? Event { get; init; }

    [Description("How often it happens; null: always.")]
    public int? Times { get; init; }

    [Description("latency: how long.")]
    public int Milliseconds { get; init; } = 1000;

    [Description("error: the HTTP status.")]
    public int Status { get; init; } = 500;

    [Description("error, rateLimit: Discord's code, for instance 40003 or 30046.")]
    public int? Code { get; init; }

    [Description("error: what it says.")]
    public string? Message { get; init; }

    [Description("rateLimit: seconds, as the body says it.")]
    public double RetryAfter { get; init; } = 1;

    [Description("rateLimit: the header Retry-After, if it is to differ from the body.")]
    public int? HeaderRetryAfter { get; init; }

    [Description("rateLimit: user, shared or global.")]
    public string Scope { get; init; } = "user";

    [Description("closeGateway, refuseIdentify: the code of the close frame.")]
    public int? CloseCode { get; init; }

    [Description("invalidSession, refuseIdentify: whether the session can be resumed.")]
    public bool Resumable { get; init; }

    [Description("disallowIntents: the bits; without them the privileged ones.")]
    public long? Intents { get; init; }

    public bool IsImmediate() => Kind >= FaultKind.CloseGateway;
}

internal sealed record FaultList(IReadOnlyList<Fault> Faults);
