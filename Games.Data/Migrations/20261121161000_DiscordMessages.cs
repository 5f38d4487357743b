using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Games.Data.Migrations
{
    /// <inheritdoc />
    public partial class DiscordMessages : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "discord_messages",
                columns: table => new
                {
                    message_id = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    channel_id = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    guild_id = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: true),
                    author_id = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: true),
                    author_name = table.Column<string>(type: "text", nullable: true),
                    content = table.Column<string>(type: "text", nullable: false),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    edited_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    deleted_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    is_forwarded = table.Column<bool>(type: "boolean", nullable: false, defaultValue: false),
                    attachments = table.Column<string>(type: "jsonb", nullable: false, defaultValueSql: "'[]'"),
                    embeds = table.Column<string>(type: "jsonb", nullable: false, defaultValueSql: "'[]'"),
                    raw = table.Column<string>(type: "jsonb", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()"),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()"),
                    is_processed = table.Column<bool>(type: "boolean", nullable: false, defaultValue: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_discord_messages", x => x.message_id);
                    table.CheckConstraint("ck_discord_messages_attachments", "jsonb_typeof(attachments) = 'array'");
                    table.CheckConstraint("ck_discord_messages_author_id", "author_id ~ '^[0-9]{17,20}$' OR (author_id IS NULL AND deleted_at IS NOT NULL)");
                    table.CheckConstraint("ck_discord_messages_channel_id", "channel_id ~ '^[0-9]{17,20}$'");
                    table.CheckConstraint("ck_discord_messages_embeds", "jsonb_typeof(embeds) = 'array'");
                    table.CheckConstraint("ck_discord_messages_message_id", "message_id ~ '^[0-9]{17,20}$'");
                    table.CheckConstraint("ck_discord_messages_raw", "jsonb_typeof(raw) = 'object'");
                });

            migrationBuilder.CreateIndex(
                name: "ix_discord_messages_channel_id_sent_at",
                table: "discord_messages",
                columns: new[] { "channel_id", "sent_at" });

            migrationBuilder.CreateIndex(
                name: "ix_discord_messages_unprocessed",
                table: "discord_messages",
                column: "created_at",
                filter: "NOT is_processed");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "discord_messages");
        }
    }
}
