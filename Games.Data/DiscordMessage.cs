using System.Globalization;
using System.Text.Json;

namespace Games.Data;

/// <summary>A message cannot be stored as it is, however often it is tried. Names the field and the rule.</summary>
public sealed class InvalidDiscordMessageException(string field, string rule) : Exception($"A Discord message is not valid: {field} {rule}.");

/// <summary>
/// What somebody wrote in Discord, in its newest version that has come. A message of which only the deletion is known has no author and no
/// content: its row is there so that an older version that comes later is born deleted.
/// </summary>
public sealed class DiscordMessage
{
    /// <summary>How far a time may lie ahead: the clocks of Discord and of this machine are not one.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private DiscordMessage()
    {
    }

    public string MessageId { get; private set; } = null!;
    public string ChannelId { get; private set; } = null!;
    public string? GuildId { get; private set; }
    public string? AuthorId { get; private set; }
    public string? AuthorName { get; private set; }
    public string Content { get; private set; } = null!;
    public DateTimeOffset SentAt { get; private set; }
    public DateTimeOffset? EditedAt { get; private set; }
    public DateTimeOffset? DeletedAt { get; private set; }
    public bool IsForwarded { get; private set; }

    /// <summary>A JSON array.</summary>
    public string Attachments { get; private set; } = null!;

    /// <summary>A JSON array.</summary>
    public string Embeds { get; private set; } = null!;

    /// <summary>The event as it came, a JSON object: with stickers, poll, and fields that this version does not know.</summary>
    public string Raw { get; private set; } = null!;

    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>For whoever works on messages further: set it when done; an edit takes it back.</summary>
    public bool IsProcessed { get; private set; }

    /// <exception cref="InvalidDiscordMessageException">It breaks a rule.</exception>
    public static DiscordMessage Create(
        string? messageId, string? channelId, string? guildId, string? authorId, string? authorName, string? content, DateTimeOffset sentAt,
        JsonElement[]? attachments, JsonElement[]? embeds, JsonElement[]? stickers, JsonElement? poll, bool isForwarded, DateTimeOffset? editedAt,
        DateTimeOffset? deletedAt, JsonElement raw, DateTimeOffset now)
    {
        RequireId(messageId, "messageId");
        RequireId(channelId, "channelId");
        if (guildId is not null)
            RequireId(guildId, "guildId");
        if (deletedAt is null || authorId is not null)
            RequireId(authorId, "authorId");
        RequirePast(sentAt, "sentAt", now);
        RequirePast(editedAt, "editedAt", now);
        RequirePast(deletedAt, "deletedAt", now);
        RequireText(authorName, "authorName");
        RequireText(content, "content");
        foreach (var attachment in attachments ?? [])
            RequireStorable(attachment, "attachments");
        foreach (var embed in embeds ?? [])
            RequireStorable(embed, "embeds");
        foreach (var sticker in stickers ?? [])
            RequireStorable(sticker, "stickers");
        if (poll is { } asked)
            RequireStorable(asked, "poll");
        if (raw.ValueKind is not JsonValueKind.Object)
            throw new InvalidDiscordMessageException("raw", "must be a JSON object");
        RequireStorable(raw, "raw");
        if (deletedAt is null && string.IsNullOrEmpty(content) && attachments is null or [] && embeds is null or [] && stickers is null or []
            && poll is null && !isForwarded)
        {
            throw new InvalidDiscordMessageException(
                "content", "is empty, and there is no attachment, embed, sticker or poll, and nothing forwarded");
        }

        return new()
        {
            MessageId = messageId!,
            ChannelId = channelId!,
            GuildId = guildId,
            AuthorId = authorId,
            AuthorName = authorName,
            Content = content ?? "",
            SentAt = Instant.Stored(sentAt),
            EditedAt = editedAt is { } edited ? Instant.Stored(edited) : null,
            DeletedAt = deletedAt is { } deleted ? Instant.Stored(deleted) : null,
            IsForwarded = isForwarded,
            Attachments = Json(attachments),
            Embeds = Json(embeds),
            Raw = raw.GetRawText(),
        };
    }

    private static string Json(JsonElement[]? elements) => $"[{string.Join(',', (elements ?? []).Select(x => x.GetRawText()))}]";

    private static void RequireId(string? id, string field)
    {
        if (string.IsNullOrEmpty(id))
            throw new InvalidDiscordMessageException(field, "is missing");
        if (!Snowflake.IsValid(id))
        {
            throw new InvalidDiscordMessageException(
                field, $"must be a Discord id: a string of {Snowflake.MinLength} to {Snowflake.MaxLength} digits");
        }
    }

    private static void RequirePast(DateTimeOffset? time, string field, DateTimeOffset now)
    {
        if (time == default(DateTimeOffset))
            throw new InvalidDiscordMessageException(field, "is missing");
        if (time > now + ClockTolerance)
            throw new InvalidDiscordMessageException(field, string.Create(CultureInfo.InvariantCulture, $"lies in the future ({time:O})"));
    }

    private static void RequireText(string? text, string field)
    {
        if (text is null)
            return;
        if (text.Contains('\0'))
            throw new InvalidDiscordMessageException(field, "must not hold the character U+0000, which PostgreSQL cannot store");

        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsSurrogatePair(text, i))
                throw new InvalidDiscordMessageException(field, $"holds half of a surrogate pair at {i}");
            i++;
        }
    }

    /// <summary>jsonb refuses the same two things wherever they are.</summary>
    private static void RequireStorable(JsonElement json, string field)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String:
                RequireText(Read(json.GetString), field);
                break;
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray())
                    RequireStorable(item, field);
                break;
            case JsonValueKind.Object:
                foreach (var property in json.EnumerateObject())
                {
                    RequireText(Read(() => property.Name), field);
                    RequireStorable(property.Value, field);
                }

                break;
            case JsonValueKind.Undefined:
                throw new InvalidDiscordMessageException(field, "is missing");
        }

        // System.Text.Json finds a surrogate without its other half when it is asked for the text.
        string? Read(Func<string?> text)
        {
            try
            {
                return text();
            }
            catch (InvalidOperationException)
            {
                throw new InvalidDiscordMessageException(field, "holds half of a surrogate pair");
            }
        }
    }
}
