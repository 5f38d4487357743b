using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Games.Data.Migrations
{
    /// <inheritdoc />
    public partial class Journal : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // PostgreSQL has uuidv7() from 18 on. The milliseconds since 1970 and, as RFC 9562 allows, the rest of the microsecond in the 12 bits
            // behind the version, so that the ids of one statement are in order as far as its clock can tell; the rest is random.
            migrationBuilder.Sql("""
                CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
                    SELECT encode(
                        int8send((micros / 1000 << 16) | 28672 | (micros % 1000 * 4096 / 1000)) || substring(uuid_send(gen_random_uuid()) FROM 9),
                        'hex')::uuid
                    FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS clock (micros)
                $$
                """);

            migrationBuilder.CreateTable(
                name: "events",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false, defaultValueSql: "uuid_v7()"),
                    number = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    event_type = table.Column<string>(type: "text", nullable: false),
                    channel = table.Column<string>(type: "text", nullable: false, defaultValue: "events"),
                    payload = table.Column<string>(type: "jsonb", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "clock_timestamp()"),
                    correlation_id = table.Column<Guid>(type: "uuid", nullable: true),
                    source = table.Column<string>(type: "text", nullable: false),
                    dispatched_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false, defaultValue: 0),
                    next_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_error = table.Column<string>(type: "text", nullable: true),
                    dead_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_events", x => x.id);
                    table.CheckConstraint("ck_events_attempts_is_not_negative", "attempts >= 0");
                    table.CheckConstraint("ck_events_channel_has_at_most_50_characters", "char_length(channel) <= 50");
                    table.CheckConstraint("ck_events_channel_is_lower_case_words", "channel ~ '^[a-z0-9_]+([.-][a-z0-9_]+)*$'");
                    table.CheckConstraint("ck_events_created_at_is_after_2000", "created_at >= '2000-01-01 00:00:00+00'");
                    table.CheckConstraint("ck_events_created_at_is_not_in_the_future", "created_at <= clock_timestamp() + interval '5 minutes'");
                    table.CheckConstraint("ck_events_dead_at_has_a_last_error", "dead_at IS NULL OR last_error IS NOT NULL");
                    table.CheckConstraint("ck_events_dead_at_is_not_of_a_dispatched_event", "dead_at IS NULL OR dispatched_at IS NULL");
                    table.CheckConstraint("ck_events_event_type_has_at_most_100_characters", "char_length(event_type) <= 100");
                    table.CheckConstraint("ck_events_event_type_is_dotted_lower_case_words", "event_type ~ '^[a-z0-9_]+([.][a-z0-9_]+)*$'");
                    table.CheckConstraint("ck_events_id_is_not_nil", "id <> '00000000-0000-0000-0000-000000000000'");
                    table.CheckConstraint("ck_events_payload_has_at_most_4_mib", "pg_column_size(payload) <= 4194304");
                    table.CheckConstraint("ck_events_payload_is_an_object", "jsonb_typeof(payload) = 'object'");
                    table.CheckConstraint("ck_events_source_has_at_most_100_characters", "char_length(source) <= 100");
                    table.CheckConstraint("ck_events_source_is_one_line_of_text", "source ~ '[^[:space:]]' AND source !~ '[[:cntrl:]]'");
                });

            migrationBuilder.CreateIndex(
                name: "ix_events_correlation_id",
                table: "events",
                column: "correlation_id",
                filter: "correlation_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_events_created_at_id",
                table: "events",
                columns: new[] { "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_events_dead_at",
                table: "events",
                column: "dead_at",
                filter: "dead_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_events_pending",
                table: "events",
                column: "number",
                filter: "dispatched_at IS NULL AND dead_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_events_pending_correlation",
                table: "events",
                columns: new[] { "correlation_id", "number" },
                filter: "dispatched_at IS NULL AND dead_at IS NULL AND correlation_id IS NOT NULL");

            // One wake-up a statement, and none for what the services record as dispatched: NOTIFY makes commits wait for each other. It says
            // nothing: the table is the truth.
            migrationBuilder.Sql("""
                CREATE FUNCTION events_wake_up() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF EXISTS (SELECT FROM added WHERE dispatched_at IS NULL AND dead_at IS NULL) THEN
                        PERFORM pg_notify('events', '');
                    END IF;
                    RETURN NULL;
                END
                $$
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER events_wake_up AFTER INSERT ON events REFERENCING NEW TABLE AS added
                FOR EACH STATEMENT EXECUTE FUNCTION events_wake_up()
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "events");

            migrationBuilder.Sql("DROP FUNCTION events_wake_up()");
            migrationBuilder.Sql("DROP FUNCTION uuid_v7()");
        }
    }
}
