using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class DiscordMessageConfiguration : IEntityTypeConfiguration<DiscordMessage>
{
    public void Configure(EntityTypeBuilder<DiscordMessage> message)
    {
        // Anybody may write to the table, so the table itself knows the rules that it can check.
        message.ToTable("discord_messages", table =>
        {
            table.HasCheckConstraint("ck_discord_messages_message_id", "message_id ~ '^[0-9]{17,20}$'");
            table.HasCheckConstraint("ck_discord_messages_channel_id", "channel_id ~ '^[0-9]{17,20}$'");
            table.HasCheckConstraint(
                "ck_discord_messages_author_id", "author_id ~ '^[0-9]{17,20}$' OR (author_id IS NULL AND deleted_at IS NOT NULL)");
            table.HasCheckConstraint("ck_discord_messages_attachments", "jsonb_typeof(attachments) = 'array'");
            table.HasCheckConstraint("ck_discord_messages_embeds", "jsonb_typeof(embeds) = 'array'");
            table.HasCheckConstraint("ck_discord_messages_raw", "jsonb_typeof(raw) = 'object'");
        });
        message.HasKey(m => m.MessageId);
        message.Property(m => m.MessageId).HasMaxLength(Snowflake.MaxLength).ValueGeneratedNever();
        message.Property(m => m.ChannelId).HasMaxLength(Snowflake.MaxLength);
        message.Property(m => m.GuildId).HasMaxLength(Snowflake.MaxLength);
        message.Property(m => m.AuthorId).HasMaxLength(Snowflake.MaxLength);
        message.Property(m => m.Attachments).HasColumnType("jsonb").HasDefaultValueSql("'[]'");
        message.Property(m => m.Embeds).HasColumnType("jsonb").HasDefaultValueSql("'[]'");
        message.Property(m => m.Raw).HasColumnType("jsonb");
        message.Property(m => m.CreatedAt).HasDefaultValueSql("clock_timestamp()");
        message.Property(m => m.UpdatedAt).HasDefaultValueSql("clock_timestamp()");
        message.Property(m => m.IsForwarded).HasDefaultValue(false);
        message.Property(m => m.IsProcessed).HasDefaultValue(false);

        // A channel's messages, newest first.
        message.HasIndex(m => new { m.ChannelId, m.SentAt });
        // What is left to do, in the order in which it came; whoever has done it pays for leaving the index.
        message.HasIndex(m => m.CreatedAt).HasFilter("NOT is_processed").HasDatabaseName("ix_discord_messages_unprocessed");
    }
}
