using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

/// <summary>Anybody may insert an event, from any language: each rule is a constraint whose name says the column and the rule.</summary>
internal sealed class JournalEventConfiguration : IEntityTypeConfiguration<JournalEvent>
{
    public void Configure(EntityTypeBuilder<JournalEvent> journal)
    {
        journal.ToTable("events", table =>
        {
            table.HasCheckConstraint("ck_events_id_is_not_nil", "id <> '00000000-0000-0000-0000-000000000000'");
            table.HasCheckConstraint("ck_events_event_type_is_dotted_lower_case_words", "event_type ~ '^[a-z0-9_]+([.][a-z0-9_]+)*$'");
            table.HasCheckConstraint("ck_events_event_type_has_at_most_100_characters", "char_length(event_type) <= 100");
            table.HasCheckConstraint("ck_events_channel_is_lower_case_words", "channel ~ '^[a-z0-9_]+([.-][a-z0-9_]+)*$'");
            table.HasCheckConstraint("ck_events_channel_has_at_most_50_characters", "char_length(channel) <= 50");
            table.HasCheckConstraint("ck_events_payload_is_an_object", "jsonb_typeof(payload) = 'object'");
            table.HasCheckConstraint("ck_events_payload_has_at_most_4_mib", "payload_bytes <= 4194304");
            table.HasCheckConstraint("ck_events_source_is_one_line_of_text", "source ~ '[^[:space:]]' AND source !~ '[[:cntrl:]]'");
            table.HasCheckConstraint("ck_events_source_has_at_most_100_characters", "char_length(source) <= 100");
            // What holds at the insert holds for ever after: a backup can be restored.
            table.HasCheckConstraint("ck_events_created_at_is_not_in_the_future", "created_at <= clock_timestamp() + interval '5 minutes'");
            table.HasCheckConstraint("ck_events_created_at_is_after_2000", "created_at >= '2000-01-01 00:00:00+00'");
            // What .NET can hold, and what a clock can be compared with: PostgreSQL knows infinity, and years up to 294276.
            table.HasCheckConstraint("ck_events_dispatched_at_is_of_the_years_2000_to_9999", OfTheYears("dispatched_at"));
            table.HasCheckConstraint("ck_events_next_attempt_at_is_of_the_years_2000_to_9999", OfTheYears("next_attempt_at"));
            table.HasCheckConstraint("ck_events_dead_at_is_of_the_years_2000_to_9999", OfTheYears("dead_at"));
            table.HasCheckConstraint("ck_events_attempts_is_not_negative", "attempts >= 0");
            table.HasCheckConstraint("ck_events_dead_at_is_not_of_a_dispatched_event", "dead_at IS NULL OR dispatched_at IS NULL");
            table.HasCheckConstraint("ck_events_dead_at_has_a_last_error", "dead_at IS NULL OR last_error IS NOT NULL");
        });

        journal.Property(e => e.Id).HasDefaultValueSql("uuid_v7()");
        journal.Property(e => e.Number).UseIdentityAlwaysColumn();
        journal.Property(e => e.EventType).HasColumnType("text");
        journal.Property(e => e.Channel).HasColumnType("text").HasDefaultValue(JournalEvent.DefaultChannel);
        journal.Property(e => e.Payload).HasColumnType("jsonb");
        journal.Property(e => e.CreatedAt).HasDefaultValueSql("clock_timestamp()");
        journal.Property(e => e.Source).HasColumnType("text");
        journal.Property(e => e.Attempts).HasDefaultValue(0);

        // The dispatcher's way in holds only what it has to do, whatever the journal keeps.
        journal.HasIndex(e => e.Number).HasDatabaseName("ix_events_pending").HasFilter("dispatched_at IS NULL AND dead_at IS NULL");
        journal.HasIndex(e => new { e.CorrelationId, e.Number }).HasDatabaseName("ix_events_pending_correlation")
            .HasFilter("dispatched_at IS NULL AND dead_at IS NULL AND correlation_id IS NOT NULL");
        journal.HasIndex(e => e.DeadAt).HasFilter("dead_at IS NOT NULL");
        // Newest first, page by page; and the old ones for the retention.
        journal.HasIndex(e => new { e.CreatedAt, e.Id });
        journal.HasIndex(e => new { e.CreatedAt, e.Id }, "ix_events_pending_created_at_id").HasFilter("dispatched_at IS NULL AND dead_at IS NULL");
        journal.HasIndex(e => new { e.CreatedAt, e.Id }, "ix_events_dead_created_at_id").HasFilter("dead_at IS NOT NULL");
        journal.HasIndex(e => new { e.CorrelationId, e.CreatedAt, e.Id }).HasFilter("correlation_id IS NOT NULL");
    }

    private static string OfTheYears(string column) => $"{column} >= '2000-01-01 00:00:00+00' AND {column} < '10000-01-01 00:00:00+00'";
}
