using System.Text.Json;

namespace Games.Bot.Ingestion;

/// <summary>
/// A message as a gateway client knows it, newly written or edited (<paramref name="EditedAt"/>), with all it says now. A webhook counts as
/// a bot. Attachments, embeds, stickers and poll are Discord's own JSON.
/// </summary>
internal sealed record IncomingMessage(
    string Id,
    string ChannelId,
    string? GuildId,
    string AuthorId,
    string AuthorName,
    bool IsFromBot,
    string Content,
    DateTimeOffset SentAt,
    DateTimeOffset? EditedAt = null,
    JsonElement[]? Attachments = null,
    JsonElement[]? Embeds = null,
    bool IsForwarded = false,
    JsonElement[]? Stickers = null,
    JsonElement? Poll = null);
