namespace Games.DiscordClient.Rest;

/// <summary>A call as Discord's rate limits tell them apart.</summary>
/// <param name="Method">Of HTTP.</param>
/// <param name="Template">The path with its ids left out: the same for all that share a bucket's hash.</param>
/// <param name="Major">The channel, guild or webhook that has a bucket of its own; empty if none. It can hold an interaction's token.</param>
/// <param name="Path">Relative to the base address. It can hold an interaction's token: never to be shown.</param>
internal sealed record Route(HttpMethod Method, string Template, string Major, string Path)
{
    /// <summary>Interaction tokens speak for themselves.</summary>
    public bool IsAuthorized { get; init; } = true;

    /// <summary>Outside the global limit, and never slowed down.</summary>
    public bool IsInteraction { get; init; }

    /// <summary>Waits for none of the others, of which there may be many: whoever clicks waits for it.</summary>
    public bool GoesFirst { get; init; }

    public static Route Gateway { get; } = new(HttpMethod.Get, "gateway/bot", "", "gateway/bot") { GoesFirst = true };

    public static Route Channel(string channelId) => new(HttpMethod.Get, "channels/{}", channelId, $"channels/{channelId}");

    public static Route Messages(HttpMethod method, string channelId) =>
        new(method, "channels/{}/messages", channelId, $"channels/{channelId}/messages");

    public static Route Message(HttpMethod method, string channelId, string messageId) =>
        new(method, "channels/{}/messages/{}", channelId, $"channels/{channelId}/messages/{messageId}");

    public static Route Webhook(HttpMethod method, string template, string application, string token, string path) =>
        new(method, $"webhooks/{{}}/{{}}{template}", $"{application}/{token}", $"webhooks/{application}/{token}{path}")
        {
            IsAuthorized = false,
            IsInteraction = true,
        };

    public static Route Commands(HttpMethod method, string application, string? guildId) => guildId is null
        ? new(method, "applications/{}/commands", "", $"applications/{application}/commands")
        : new(method, "applications/{}/guilds/{}/commands", guildId, $"applications/{application}/guilds/{guildId}/commands");

    public static Route Of(HttpMethod method, string path) => new(method, path, "", path);

    /// <summary>Without ids and tokens, for whoever shows it.</summary>
    public override string ToString() => $"{Method} {Template}";
}
