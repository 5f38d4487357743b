using System.Globalization;
using System.Text.Json;
using Games.Bot.Ingestion;

namespace Games.Bot.Gateway;

internal static class IncomingMessages
{
    /// <summary>A message as Discord's gateway tells of it; null if it says too little to be one, as some updates do.</summary>
    public static IncomingMessage? Read(JsonElement data)
    {
        if (data.TextOrNull("id") is not { } id || data.TextOrNull("channel_id") is not { } channelId
            || data.ObjectOrNull("author") is not { } author || author.TextOrNull("id") is not { } authorId
            || TimeOf(data, "timestamp") is not { } sentAt)
        {
            return null;
        }

        return new(
            id,
            channelId,
            data.TextOrNull("guild_id"),
            authorId,
            author.TextOrNull("username") ?? authorId,
            IsFromBot: author.TryGetProperty("bot", out var bot) && bot.ValueKind is JsonValueKind.True || data.TextOrNull("webhook_id") is not null,
            data.TextOrNull("content") ?? "",
            sentAt,
            TimeOf(data, "edited_timestamp"),
            ListOf(data, "attachments"),
            ListOf(data, "embeds"),
            IsForwarded: ListOf(data, "message_snapshots") is { Length: > 0 },
            ListOf(data, "sticker_items"),
            data.ObjectOrNull("poll"));
    }

    public static string? TextOrNull(this JsonElement data, string name) =>
        data.ValueKind is JsonValueKind.Object && data.TryGetProperty(name, out var text) && text.ValueKind is JsonValueKind.String
            ? text.GetString()
            : null;

    public static JsonElement? ObjectOrNull(this JsonElement data, string name) =>
        data.ValueKind is JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Object ? value : null;

    public static JsonElement[]? ListOf(JsonElement data, string name) =>
        data.ValueKind is JsonValueKind.Object && data.TryGetProperty(name, out var list) && list.ValueKind is JsonValueKind.Array
            ? [.. list.EnumerateArray()]
            : null;

    private static DateTimeOffset? TimeOf(JsonElement data, string name) =>
        DateTimeOffset.TryParse(data.TextOrNull(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
