namespace Games.DiscordClient.Rest;

/// <summary>Whose account it is, where Discord is, and how long its answers may take.</summary>
public sealed class DiscordRestOptions
{
    public static readonly Uri DefaultBaseAddress = new("https://discord.com/api/v10/");

    /// <summary>The bot's token, without "Bot ". It is sent, and shown nowhere.</summary>
    public required string Token { get; init; }

    /// <summary>With the version of the API, and a slash at the end.</summary>
    public Uri BaseAddress { get; init; } = DefaultBaseAddress;

    /// <summary>For one request, from its sending to the end of its answer.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For one answer to an interaction, which Discord takes for 3 s: a hung connection must leave time for a second try.</summary>
    public TimeSpan CallbackTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A call that would have to wait longer for a rate limit ends with <see cref="DiscordRateLimitException"/> instead.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Of all processes of the bot. Discord's limit is 50: the way there can push two seconds together.</summary>
    public int RequestsPerSecond { get; init; } = 45;
}
