using System.Text.Json;

namespace Games.Contracts;

/// <summary>
/// Somebody wrote, edited or deleted a message in Discord: its state as of then, complete. An edit has <paramref name="EditedAt"/>. A deletion
/// has <paramref name="DeletedAt"/> and needs neither author nor content, because Discord tells neither. <paramref name="GuildId"/> is null
/// for a direct message. A preview of a link, which Discord adds later, comes with the same <paramref name="EditedAt"/> and more embeds.
/// </summary>
public sealed record DiscordMessageReceived(
    string MessageId,
    string ChannelId,
    string? GuildId,
    string? AuthorId,
    string? AuthorName,
    string? Content,
    DateTimeOffset SentAt,
    JsonElement[]? Attachments = null,
    JsonElement[]? Embeds = null,
    bool IsForwarded = false,
    DateTimeOffset? EditedAt = null,
    DateTimeOffset? DeletedAt = null,
    JsonElement[]? Stickers = null,
    JsonElement? Poll = null);
