using System.ComponentModel.DataAnnotations;
using Games.Data;
using Games.DiscordClient.Rest;

namespace Games.Bot;

/// <summary>What the bot is in Discord and where it listens.</summary>
internal sealed class DiscordOptions : IValidatableObject
{
    public const string Section = "Discord";

    /// <summary>The bot's token. Without one nothing is delivered to Discord and nothing is heard from it.</summary>
    public string? Token { get; init; }

    /// <summary>The id of the application, for its commands; null: Discord tells it.</summary>
    public string? ApplicationId { get; init; }

    /// <summary>Of Discord's API, with its version.</summary>
    public string BaseAddress { get; init; } = DiscordRestOptions.DefaultBaseAddress.ToString();

    /// <summary>Where people reach the API: an announcement then has a link to its game's calendar file. Null: it has none.</summary>
    public string? PublicBaseAddress { get; init; }

    /// <summary>The channels whose messages are kept. Empty: none, because people must have been told where a bot keeps what they write.</summary>
    public string[] Channels { get; init; } = [];

    /// <summary>The bot's own user id, so that it can tell its own messages from those of other bots. It skips both.</summary>
    public string? UserId { get; init; }

    public bool HasToken => !string.IsNullOrWhiteSpace(Token);

    public IEnumerable<ValidationResult> Validate(ValidationContext context)
    {
        foreach (var channel in Channels.Where(channel => !Snowflake.IsValid(channel)))
            yield return new($"{Section}:{nameof(Channels)} holds \"{channel}\", which is no Discord id (a string of digits).", [nameof(Channels)]);
        if (UserId is { Length: > 0 } && !Snowflake.IsValid(UserId))
            yield return new($"{Section}:{nameof(UserId)} is no Discord id (a string of digits).", [nameof(UserId)]);
        if (ApplicationId is { Length: > 0 } && !Snowflake.IsValid(ApplicationId))
            yield return new($"{Section}:{nameof(ApplicationId)} is no Discord id (a string of digits).", [nameof(ApplicationId)]);
        // What is wrong is not shown: it may be a token after all.
        if (HasToken && Token!.Any(character => character is <= ' ' or >= '\u007f'))
            yield return new($"{Section}:{nameof(Token)} is no bot token: it has a space or another character that none has.", [nameof(Token)]);
        if (!IsHttp(BaseAddress))
            yield return new($"{Section}:{nameof(BaseAddress)} is no address (https://…).", [nameof(BaseAddress)]);
        if (PublicBaseAddress is { Length: > 0 } && !IsHttp(PublicBaseAddress))
            yield return new($"{Section}:{nameof(PublicBaseAddress)} is no address (https://…).", [nameof(PublicBaseAddress)]);
    }

    /// <summary>As a base for what is relative: with a slash at its end.</summary>
    public static Uri AddressOf(string address) => new(address.EndsWith('/') ? address : $"{address}/");

    private static bool IsHttp(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";
}
