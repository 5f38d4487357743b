using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Games.Data.Migrations
{
    /// <inheritdoc />
    public partial class JournalLimits : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_events_correlation_id",
                table: "events");

            migrationBuilder.DropCheckConstraint(
                name: "ck_events_payload_has_at_most_4_mib",
                table: "events");

            migrationBuilder.AddColumn<int>(
                name: "payload_bytes",
                table: "events",
                type: "integer",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_events_correlation_id_created_at_id",
                table: "events",
                columns: new[] { "correlation_id", "created_at", "id" },
                filter: "correlation_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_events_dead_created_at_id",
                table: "events",
                columns: new[] { "created_at", "id" },
                filter: "dead_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_events_pending_created_at_id",
                table: "events",
                columns: new[] { "created_at", "id" },
                filter: "dispatched_at IS NULL AND dead_at IS NULL");

            // Measured at the insert: to write a payload as text for each claim would cost the dispatcher more than to send it. By a trigger and not
            // as a generated column, which would write the whole table anew under an exclusive lock. Rows from before have no measure.
            migrationBuilder.Sql("""
                CREATE FUNCTION events_measure() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    NEW.payload_bytes := octet_length(NEW.payload::text);
                    RETURN NEW;
                END
                $$
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER events_measure BEFORE INSERT OR UPDATE OF payload, payload_bytes ON events
                FOR EACH ROW EXECUTE FUNCTION events_measure()
                """);

            // NOT VALID: what is there is not looked at again, and a row from before that breaks a rule does not stop the migration.
            AddRule("ck_events_payload_has_at_most_4_mib", "payload_bytes <= 4194304");
            foreach (var column in new[] { "dispatched_at", "next_attempt_at", "dead_at" })
            {
                AddRule(
                    $"ck_events_{column}_is_of_the_years_2000_to_9999",
                    $"{column} >= '2000-01-01 00:00:00+00' AND {column} < '10000-01-01 00:00:00+00'");
            }

            void AddRule(string name, string rule) => migrationBuilder.Sql($"ALTER TABLE events ADD CONSTRAINT {name} CHECK ({rule}) NOT VALID");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_events_correlation_id_created_at_id",
                table: "events");

            migrationBuilder.DropIndex(
                name: "ix_events_dead_created_at_id",
                table: "events");

            migrationBuilder.DropIndex(
                name: "ix_events_pending_created_at_id",
                table: "events");

            migrationBuilder.DropCheckConstraint(
                name: "ck_events_dead_at_is_of_the_years_2000_to_9999",
                table: "events");

            migrationBuilder.DropCheckConstraint(
                name: "ck_events_dispatched_at_is_of_the_years_2000_to_9999",
                table: "events");

            migrationBuilder.DropCheckConstraint(
                name: "ck_events_next_attempt_at_is_of_the_years_2000_to_9999",
                table: "events");

            migrationBuilder.DropCheckConstraint(
                name: "ck_events_payload_has_at_most_4_mib",
                table: "events");

            migrationBuilder.Sql("DROP TRIGGER events_measure ON events");
            migrationBuilder.Sql("DROP FUNCTION events_measure()");

            migrationBuilder.DropColumn(
                name: "payload_bytes",
                table: "events");

            migrationBuilder.CreateIndex(
                name: "ix_events_correlation_id",
                table: "events",
                column: "correlation_id",
                filter: "correlation_id IS NOT NULL");

            migrationBuilder.AddCheckConstraint(
                name: "ck_events_payload_has_at_most_4_mib",
                table: "events",
                sql: "pg_column_size(payload) <= 4194304");
        }
    }
}
