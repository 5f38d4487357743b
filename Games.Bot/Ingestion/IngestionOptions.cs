using System.ComponentModel.DataAnnotations;
using Games.Data;

namespace Games.Bot.Ingestion;

/// <summary>What the bot is in Discord and where it listens.</summary>
internal sealed class DiscordOptions : IValidatableObject
{
    public const string Section = "Discord";

    /// <summary>The channels whose messages are kept. Empty: none, because people must have been told where a bot keeps what they write.</summary>
    public string[] Channels { get; init; } = [];

    /// <summary>The bot's own user id, so that it can tell its own messages from those of other bots. It skips both.</summary>
    public string? UserId { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        foreach (var channel in Channels.Where(channel => !Snowflake.IsValid(channel)))
            yield return new($"{Section}:{nameof(Channels)} holds \"{channel}\", which is no Discord id (a string of digits).", [nameof(Channels)]);
        if (UserId is { Length: > 0 } && !Snowflake.IsValid(UserId))
            yield return new($"{Section}:{nameof(UserId)} is no Discord id (a string of digits).", [nameof(UserId)]);
    }
}

internal sealed class IngestionOptions
{
    public const string Section = "Ingestion";

    private const string TimeRule = Section + ":{0} must be from {1} to {2} ([d.]hh:mm:ss: 72 hours are 3.00:00:00, and 72:00:00 are 72 days).";

    /// <summary>The bot is not ready when nothing was stored for longer although messages came in. Default: 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "365.00:00:00", ErrorMessage = TimeRule)]
    public TimeSpan StalledAfter { get; init; } = TimeSpan.FromMinutes(2);
}
