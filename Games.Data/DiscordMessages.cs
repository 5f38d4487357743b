using Microsoft.EntityFrameworkCore;

namespace Games.Data;

/// <summary>What storing a message came to.</summary>
public enum StoredChange
{
    /// <summary>Nothing: the row has this version already, or a newer one.</summary>
    None,
    Created,
    Edited,
    Deleted,
}

public static class DiscordMessages
{
    /// <summary>
    /// Stores a version of a message in one statement, whatever else has come before or comes at the same time: the newest edit wins, with the
    /// most embeds, and a deletion stays, in any order of arrival. Part of the context's transaction if there is one.
    /// </summary>
    public static async Task<StoredChange> StoreAsync(this GamesDbContext db, DiscordMessage message, CancellationToken ct)
    {
        var inserted = await (message.DeletedAt is null ? Write(db, message) : MarkDeleted(db, message)).ToListAsync(ct);

        return inserted switch
        {
            [] => StoredChange.None,
            _ when message.DeletedAt is not null => StoredChange.Deleted,
            [true] => StoredChange.Created,
            _ => StoredChange.Edited,
        };
    }

    // Of one edit, the version with more embeds is the later one: Discord adds the previews of links afterwards and calls that no edit.
    // Not excluded.edited_at > m.edited_at alone: what was never edited is the oldest version, and a deletion that came first is none. xmax is 0 in a
    // row that was inserted and not updated.
    private static IQueryable<bool> Write(GamesDbContext db, DiscordMessage x) => db.Database.SqlQuery<bool>($"""
        INSERT INTO discord_messages AS m
            (message_id, channel_id, guild_id, author_id, author_name, content, sent_at, edited_at, is_forwarded, attachments, embeds, raw)
        VALUES ({x.MessageId}, {x.ChannelId}, {x.GuildId}, {x.AuthorId}, {x.AuthorName}, {x.Content}, {x.SentAt}, {x.EditedAt}, {x.IsForwarded},
            {x.Attachments}::jsonb, {x.Embeds}::jsonb, {x.Raw}::jsonb)
        ON CONFLICT (message_id) DO UPDATE SET channel_id = excluded.channel_id, guild_id = excluded.guild_id, author_id = excluded.author_id,
            author_name = excluded.author_name, content = excluded.content, sent_at = excluded.sent_at, edited_at = excluded.edited_at,
            is_forwarded = excluded.is_forwarded, attachments = excluded.attachments, embeds = excluded.embeds, raw = excluded.raw,
            updated_at = clock_timestamp(), is_processed = false
        WHERE m.author_id IS NULL OR COALESCE(excluded.edited_at, '-infinity') > COALESCE(m.edited_at, '-infinity')
            OR (excluded.edited_at IS NOT DISTINCT FROM m.edited_at AND jsonb_array_length(excluded.embeds) > jsonb_array_length(m.embeds))
        RETURNING xmax = 0 AS "Value"
        """);

    private static IQueryable<bool> MarkDeleted(GamesDbContext db, DiscordMessage x) => db.Database.SqlQuery<bool>($"""
        INSERT INTO discord_messages AS m
            (message_id, channel_id, guild_id, author_id, author_name, content, sent_at, edited_at, deleted_at,
            is_forwarded, attachments, embeds, raw)
        VALUES ({x.MessageId}, {x.ChannelId}, {x.GuildId}, {x.AuthorId}, {x.AuthorName}, {x.Content}, {x.SentAt}, {x.EditedAt}, {x.DeletedAt},
            {x.IsForwarded}, {x.Attachments}::jsonb, {x.Embeds}::jsonb, {x.Raw}::jsonb)
        ON CONFLICT (message_id) DO UPDATE SET deleted_at = excluded.deleted_at, updated_at = clock_timestamp()
        WHERE m.deleted_at IS NULL
        RETURNING xmax = 0 AS "Value"
        """);
}
