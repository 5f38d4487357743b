namespace Games.Contracts;

/// <summary>The name on the broker of each event: both services take it from here, so neither can drift from the other.</summary>
public static class Exchanges
{
    public const string GameCreated = "game.created";
    public const string DiscordMessageReceived = "discord.message.received";
    public const string MessageStored = "message.stored";

    /// <summary>Where the <see cref="EventPublished"/> of a channel of the journal go.</summary>
    public static string OfChannel(string channel) => $"events.{channel}";
}
