using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Games.Data.Migrations
{
    /// <inheritdoc />
    public partial class AnnouncementCalendar : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "calendar_secret",
                table: "announcements",
                type: "character varying(73)",
                maxLength: 73,
                nullable: false,
                defaultValueSql: "'calendar_' || replace(gen_random_uuid()::text || gen_random_uuid(), '-', '')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "calendar_secret",
                table: "announcements");
        }
    }
}
