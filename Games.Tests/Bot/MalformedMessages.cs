using System.Text.Json;
using Games.Contracts;

namespace Games.Tests.Bot;

/// <summary>Messages that cannot be stored: the field that is wrong, and what is wrong with it.</summary>
public static class MalformedMessages
{
    public static TheoryData<string, string> All() => new()
    {
        { "messageId", "no message id" }, { "messageId", "a name for an id" }, { "channelId", "no channel id" }, { "authorId", "no author id" },
        { "content", "NUL" }, { "content", "nothing in it" }, { "embeds", "NUL in an embed" }, { "attachments", "NUL in a name" },
        { "sentAt", "sent in the future" }, { "sentAt", "sent never" }, { "editedAt", "edited in the future" },
    };

    public static DiscordMessageReceived Of(string what)
    {
        var message = NewMessage.Event();
        return what switch
        {
            "no message id" => message with { MessageId = "" },
            "a name for an id" => message with { MessageId = $"message {Guid.NewGuid()}" },
            "no channel id" => message with { ChannelId = "" },
            "no author id" => message with { AuthorId = null },
            "NUL" => message with { Content = "a\0b" },
            "nothing in it" => message with { Content = "" },
            "NUL in an embed" => message with { Embeds = [JsonElement.Parse("""{"title":"a\u0000b"}""")] },
            "NUL in a name" => message with { Attachments = [JsonElement.Parse("""{"a\u0000b":[1]}""")] },
            "sent in the future" => message with { SentAt = DateTimeOffset.UtcNow.AddMinutes(10) },
            "sent never" => message with { SentAt = default },
            "edited in the future" => message with { EditedAt = DateTimeOffset.UtcNow.AddMinutes(10) },
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        };
    }
}
