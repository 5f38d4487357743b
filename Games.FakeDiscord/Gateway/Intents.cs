using System.Text.Json.Nodes;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Gateway;

internal static class Intents
{
    public const long Guilds = 1;
    public const long GuildMembers = 1 << 1;
    public const long GuildPresences = 1 << 8;
    public const long GuildMessages = 1 << 9;
    public const long DirectMessages = 1 << 12;
    public const long MessageContent = 1 << 15;

    /// <summary>All that Discord has: bits 0 to 16, 20, 21, 24 and 25.</summary>
    public const long Known = 0x1FFFF | (0b11 << 20) | (0b11 << 24);

    public const long Privileged = GuildMembers | GuildPresences | MessageContent;

    public static long OfMessagesIn(Message message) =>
        message.Channel.Recipient is not null || message.EphemeralFor is not null ? DirectMessages : GuildMessages;

    /// <summary>Without MESSAGE_CONTENT the bot reads its own messages, those in DMs and those that mention it.</summary>
    public static bool HidesContentOf(Message message) =>
        !message.Author.IsBot && message.Channel.Recipient is null && !message.Mentions.Any(user => user.IsBot);

    public static JsonObject WithoutContent(JsonObject message)
    {
        var copy = (JsonObject)message.DeepClone();
        copy["content"] = "";
        copy["embeds"] = new JsonArray();
        copy["attachments"] = new JsonArray();
        copy["components"] = new JsonArray();
        return copy;
    }
}
