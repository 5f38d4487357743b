using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Games.Data.Migrations
{
    /// <inheritdoc />
    public partial class DiscordDelivery : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "attempts",
                table: "direct_messages",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<string>(
                name: "failure",
                table: "direct_messages",
                type: "character varying(300)",
                maxLength: 300,
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "next_attempt_at",
                table: "direct_messages",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "post_started_at",
                table: "direct_messages",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "attempts",
                table: "announcements",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "delivered_version",
                table: "announcements",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<string>(
                name: "failure",
                table: "announcements",
                type: "character varying(300)",
                maxLength: 300,
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "next_attempt_at",
                table: "announcements",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "post_started_at",
                table: "announcements",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "reposts",
                table: "announcements",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "direct_message_channels",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    channel_id = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_direct_message_channels", x => x.user_id);
                });

            migrationBuilder.CreateTable(
                name: "gateway_sessions",
                columns: table => new
                {
                    shard = table.Column<int>(type: "integer", nullable: false),
                    session_id = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    resume_url = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                    sequence = table.Column<long>(type: "bigint", nullable: false),
                    shards = table.Column<int>(type: "integer", nullable: false),
                    saved_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_gateway_sessions", x => x.shard);
                });

            migrationBuilder.CreateTable(
                name: "leases",
                columns: table => new
                {
                    name = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: false),
                    owner = table.Column<Guid>(type: "uuid", nullable: false),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_leases", x => x.name);
                });

            migrationBuilder.CreateIndex(
                name: "ix_direct_messages_to_deliver",
                table: "direct_messages",
                column: "user_id",
                filter: "sent_at IS NULL AND failure IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_announcements_to_deliver",
                table: "announcements",
                column: "channel_id",
                filter: "delivered_version < version AND failure IS NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "direct_message_channels");

            migrationBuilder.DropTable(
                name: "gateway_sessions");

            migrationBuilder.DropTable(
                name: "leases");

            migrationBuilder.DropIndex(
                name: "ix_direct_messages_to_deliver",
                table: "direct_messages");

            migrationBuilder.DropIndex(
                name: "ix_announcements_to_deliver",
                table: "announcements");

            migrationBuilder.DropColumn(
                name: "attempts",
                table: "direct_messages");

            migrationBuilder.DropColumn(
                name: "failure",
                table: "direct_messages");

            migrationBuilder.DropColumn(
                name: "next_attempt_at",
                table: "direct_messages");

            migrationBuilder.DropColumn(
                name: "post_started_at",
                table: "direct_messages");

            migrationBuilder.DropColumn(
                name: "attempts",
                table: "announcements");

            migrationBuilder.DropColumn(
                name: "delivered_version",
                table: "announcements");

            migrationBuilder.DropColumn(
                name: "failure",
                table: "announcements");

            migrationBuilder.DropColumn(
                name: "next_attempt_at",
                table: "announcements");

            migrationBuilder.DropColumn(
                name: "post_started_at",
                table: "announcements");

            migrationBuilder.DropColumn(
                name: "reposts",
                table: "announcements");
        }
    }
}
