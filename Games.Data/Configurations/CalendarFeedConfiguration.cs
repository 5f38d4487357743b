using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class CalendarFeedConfiguration : IEntityTypeConfiguration<CalendarFeed>
{
    public void Configure(EntityTypeBuilder<CalendarFeed> feed)
    {
        feed.ToTable(
            "calendar_feeds", table => table.HasCheckConstraint("ck_calendar_feeds_secret_hash_is_a_sha256", "octet_length(secret_hash) = 32"));
        feed.HasKey(f => f.GuildId);
        feed.Property(f => f.GuildId).HasMaxLength(Snowflake.MaxLength);
    }
}
