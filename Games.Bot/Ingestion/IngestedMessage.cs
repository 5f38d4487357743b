using System.Text.Json;
using Games.Contracts;
using Games.Data;
using MassTransit;

namespace Games.Bot.Ingestion;

internal static class IngestedMessage
{
    /// <summary>The event as a row.</summary>
    /// <exception cref="InvalidDiscordMessageException">It breaks a rule.</exception>
    public static DiscordMessage Validated(this DiscordMessageReceived message, JsonElement raw, DateTimeOffset now) => DiscordMessage.Create(
        message.MessageId, message.ChannelId, message.GuildId, message.AuthorId, message.AuthorName, message.Content, message.SentAt,
        message.Attachments, message.Embeds, message.Stickers, message.Poll, message.IsForwarded, message.EditedAt, message.DeletedAt, raw, now);

    /// <summary>The event as it came over the wire, with fields that this version of the contract does not know.</summary>
    public static JsonElement Raw(this ConsumeContext context)
    {
        var body = JsonElement.Parse(context.ReceiveContext.GetBody());

        // Who publishes without MassTransit may do so without its envelope.
        return body.ValueKind is JsonValueKind.Object && body.TryGetProperty("messageType", out _) && body.TryGetProperty("message", out var message)
            ? message
            : body;
    }
}
