using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Games.Data.Migrations
{
    /// <inheritdoc />
    public partial class GameLife : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_games_guild_id_id",
                table: "games");

            migrationBuilder.AddColumn<string>(
                name: "display_name",
                table: "players",
                type: "character varying(100)",
                maxLength: 100,
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "number",
                table: "players",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<string>(
                name: "cancel_reason",
                table: "games",
                type: "character varying(500)",
                maxLength: 500,
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "last_number",
                table: "games",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "people",
                table: "games",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int[]>(
                name: "reminders",
                table: "games",
                type: "integer[]",
                nullable: false,
                defaultValueSql: "'{}'");

            migrationBuilder.AddColumn<Guid[]>(
                name: "schedule_tokens",
                table: "games",
                type: "uuid[]",
                nullable: false,
                defaultValueSql: "'{}'");

            migrationBuilder.AddColumn<int>(
                name: "version",
                table: "games",
                type: "integer",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "changed_at",
                table: "announcements",
                type: "timestamp with time zone",
                nullable: false,
                defaultValueSql: "now()");

            migrationBuilder.AddColumn<bool>(
                name: "is_open",
                table: "announcements",
                type: "boolean",
                nullable: false,
                defaultValue: true);

            migrationBuilder.AddColumn<int>(
                name: "version",
                table: "announcements",
                type: "integer",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.CreateTable(
                name: "direct_messages",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    game_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<string>(type: "character varying(20)", maxLength: 20, nullable: false),
                    text = table.Column<string>(type: "character varying(2000)", maxLength: 2000, nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_direct_messages", x => x.id);
                });

            // Nobody could join before, but rows may have been written by hand: they keep the order in which they came.
            migrationBuilder.Sql(
                """
                UPDATE players SET number = ranked.number
                FROM (SELECT game_id, user_id, row_number() OVER (PARTITION BY game_id ORDER BY joined_at, user_id) AS number FROM players) AS ranked
                WHERE players.game_id = ranked.game_id AND players.user_id = ranked.user_id;
                UPDATE games SET people = counted.people, last_number = counted.people
                FROM (SELECT game_id, count(*)::int AS people FROM players GROUP BY game_id) AS counted WHERE games.id = counted.game_id;
                """);

            migrationBuilder.CreateIndex(
                name: "ix_players_game_id_number",
                table: "players",
                columns: new[] { "game_id", "number" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_players_user_id_game_id",
                table: "players",
                columns: new[] { "user_id", "game_id" });

            migrationBuilder.CreateIndex(
                name: "ix_games_guild_id_status_id",
                table: "games",
                columns: new[] { "guild_id", "status", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_games_guild_id_status_scheduled_at_id",
                table: "games",
                columns: new[] { "guild_id", "status", "scheduled_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_games_host_id_guild_id_id",
                table: "games",
                columns: new[] { "host_id", "guild_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_games_status_id",
                table: "games",
                columns: new[] { "status", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_games_status_scheduled_at_id",
                table: "games",
                columns: new[] { "status", "scheduled_at", "id" });

            migrationBuilder.AddCheckConstraint(
                name: "ck_games_max_players",
                table: "games",
                sql: "max_players BETWEEN 1 AND 100");

            migrationBuilder.AddCheckConstraint(
                name: "ck_games_people",
                table: "games",
                sql: "people BETWEEN 0 AND 1000");

            migrationBuilder.AddCheckConstraint(
                name: "ck_games_reminders",
                table: "games",
                sql: "cardinality(reminders) <= 5");

            migrationBuilder.AddCheckConstraint(
                name: "ck_games_status",
                table: "games",
                sql: "status IN ('scheduled', 'started', 'finished', 'cancelled')");

            migrationBuilder.CreateIndex(
                name: "ix_direct_messages_game_id",
                table: "direct_messages",
                column: "game_id");

            migrationBuilder.CreateIndex(
                name: "ix_direct_messages_to_send",
                table: "direct_messages",
                column: "id",
                filter: "sent_at IS NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "direct_messages");

            migrationBuilder.DropIndex(
                name: "ix_players_game_id_number",
                table: "players");

            migrationBuilder.DropIndex(
                name: "ix_players_user_id_game_id",
                table: "players");

            migrationBuilder.DropIndex(
                name: "ix_games_guild_id_status_id",
                table: "games");

            migrationBuilder.DropIndex(
                name: "ix_games_guild_id_status_scheduled_at_id",
                table: "games");

            migrationBuilder.DropIndex(
                name: "ix_games_host_id_guild_id_id",
                table: "games");

            migrationBuilder.DropIndex(
                name: "ix_games_status_id",
                table: "games");

            migrationBuilder.DropIndex(
                name: "ix_games_status_scheduled_at_id",
                table: "games");

            migrationBuilder.DropCheckConstraint(
                name: "ck_games_max_players",
                table: "games");

            migrationBuilder.DropCheckConstraint(
                name: "ck_games_people",
                table: "games");

            migrationBuilder.DropCheckConstraint(
                name: "ck_games_reminders",
                table: "games");

            migrationBuilder.DropCheckConstraint(
                name: "ck_games_status",
                table: "games");

            migrationBuilder.DropColumn(
                name: "display_name",
                table: "players");

            migrationBuilder.DropColumn(
                name: "number",
                table: "players");

            migrationBuilder.DropColumn(
                name: "cancel_reason",
                table: "games");

            migrationBuilder.DropColumn(
                name: "last_number",
                table: "games");

            migrationBuilder.DropColumn(
                name: "people",
                table: "games");

            migrationBuilder.DropColumn(
                name: "reminders",
                table: "games");

            migrationBuilder.DropColumn(
                name: "schedule_tokens",
                table: "games");

            migrationBuilder.DropColumn(
                name: "version",
                table: "games");

            migrationBuilder.DropColumn(
                name: "changed_at",
                table: "announcements");

            migrationBuilder.DropColumn(
                name: "is_open",
                table: "announcements");

            migrationBuilder.DropColumn(
                name: "version",
                table: "announcements");

            migrationBuilder.CreateIndex(
                name: "ix_games_guild_id_id",
                table: "games",
                columns: new[] { "guild_id", "id" });
        }
    }
}
