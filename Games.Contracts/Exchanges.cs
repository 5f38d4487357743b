namespace Games.Contracts;

/// <summary>The name on the broker of each event: both services take it from here, so neither can drift from the other.</summary>
public static class Exchanges
{
    public const string GameCreated = "game.created";
    public const string GameUpdated = "game.updated";
    public const string GameCancelled = "game.cancelled";
    public const string GameReminderDue = "game.reminder_due";
    public const string GameStarted = "game.started";
    public const string GameFinished = "game.finished";
    public const string PlayerJoined = "player.joined";
    public const string PlayerLeft = "player.left";
    public const string PlayerPromoted = "player.promoted";
    public const string PlayerDemoted = "player.demoted";
    public const string DiscordMessageReceived = "discord.message.received";
    public const string MessageStored = "message.stored";

    public static IReadOnlyList<string> All { get; } =
    [
        GameCreated, GameUpdated, GameCancelled, GameReminderDue, GameStarted, GameFinished, PlayerJoined, PlayerLeft, PlayerPromoted, PlayerDemoted,
        DiscordMessageReceived, MessageStored,
    ];

    /// <summary>Where the <see cref="EventPublished"/> of a channel of the journal go.</summary>
    public static string OfChannel(string channel) => $"events.{channel}";
}
