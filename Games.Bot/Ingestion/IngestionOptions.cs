using Games.Data;

namespace Games.Bot.Ingestion;

/// <summary>What the bot is in Discord and where it listens.</summary>
internal sealed class DiscordOptions
{
    public const string Section = "Discord";

    /// <summary>The channels whose messages are kept. Empty: none, because people must have been told where a bot keeps what they write.</summary>
    public string[] Channels { get; init; } = [];

    /// <summary>The bot's own user id, so that it can tell its own messages from those of other bots. It skips both.</summary>
    public string? UserId { get; init; }

    public void Validate()
    {
        if (Channels.FirstOrDefault(channel => !Snowflake.IsValid(channel)) is { } wrong)
            throw new SettingException($"Setting {Section}:Channels holds \"{wrong}\", which is no Discord id (a string of digits).");
        if (UserId is { Length: > 0 } && !Snowflake.IsValid(UserId))
            throw new SettingException($"Setting {Section}:UserId is no Discord id (a string of digits).");
    }
}

internal sealed class IngestionOptions
{
    public const string Section = "Ingestion";

    /// <summary>The bot is not ready when nothing was stored for longer although messages came in. Default: 2 min.</summary>
    public TimeSpan StalledAfter { get; init; } = TimeSpan.FromMinutes(2);

    public void Validate()
    {
        if (StalledAfter <= TimeSpan.Zero)
            throw new SettingException($"Setting {Section}:StalledAfter must be more than zero.");
    }
}
