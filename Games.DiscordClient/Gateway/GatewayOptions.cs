using Games.DiscordClient.Rest;

namespace Games.DiscordClient.Gateway;

/// <summary>Who connects, and how long each step may take.</summary>
public sealed class GatewayOptions
{
    /// <summary>The bot's token. It is sent, and shown nowhere.</summary>
    public required string Token { get; init; }

    /// <summary>What the bot is told of.</summary>
    public required GatewayIntents Intents { get; init; }

    /// <summary>For the connection itself, and for HELLO after it.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>From IDENTIFY to READY.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>From RESUME to RESUMED, or between two of the events that were missed.</summary>
    public TimeSpan ResumedTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Events that may wait for their handler. With more the connection is closed, and resumed when they are fewer.</summary>
    public int QueueLength { get; init; } = 5_000;

    /// <summary>Events of a shard that may be handled at once, beside interactions. With more than one a later event can overtake.</summary>
    public int HandledAtOnce { get; init; } = 1;
}

/// <summary>What a bot may be told of. MESSAGE_CONTENT must be on in Discord's developer portal, else the gateway closes with 4014.</summary>
[Flags]
public enum GatewayIntents
{
    None = 0,
    Guilds = 1,
    GuildMessages = 512,
    DirectMessages = 4096,
    MessageContent = 32768,
}

/// <summary>An event.</summary>
/// <param name="Type">MESSAGE_CREATE, …</param>
/// <param name="Sequence">Within its session.</param>
/// <param name="Data">What Discord says of it.</param>
public sealed record GatewayEvent(string Type, long Sequence, System.Text.Json.JsonElement Data);

/// <summary>A session that can be resumed, by this process or by another.</summary>
/// <param name="Id">Discord's.</param>
/// <param name="ResumeUrl">Where it is resumed; null if Discord named none.</param>
/// <param name="Sequence">Of the last event that is handled, with all before it.</param>
/// <param name="Shards">Among how many it was identified: with another number it is none.</param>
public sealed record GatewaySession(string Id, string? ResumeUrl, long Sequence, int Shards);

/// <summary>Where sessions outlive their process. A failure to save costs events that come twice, never one that is missed.</summary>
public interface ISessionStore
{
    Task<GatewaySession?> LoadAsync(int shard, CancellationToken ct);

    Task SaveAsync(int shard, GatewaySession session, CancellationToken ct);
}

/// <summary>The gateway refuses this bot: the token, the intents or the sharding are wrong, and to try again would not help.</summary>
public sealed class GatewayRefusedException(int code, string reason) : DiscordException($"The gateway refuses the bot: {code}, {reason}")
{
    public int Code => code;
}
