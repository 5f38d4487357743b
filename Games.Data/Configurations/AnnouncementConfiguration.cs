using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class AnnouncementConfiguration : IEntityTypeConfiguration<Announcement>
{
    public void Configure(EntityTypeBuilder<Announcement> announcement)
    {
        announcement.ToTable("announcements");
        announcement.HasKey(a => a.GameId);
        announcement.Property(a => a.GameId).ValueGeneratedNever();
        announcement.Property(a => a.ChannelId).HasMaxLength(Snowflake.MaxLength);
        announcement.Property(a => a.MessageId).HasMaxLength(Snowflake.MaxLength);
        announcement.Property(a => a.Text).HasMaxLength(Announcement.TextMaxLength);
        // For what an older version of the bot inserts: it tells of a new game.
        announcement.Property(a => a.Version).HasDefaultValue(1).ValueGeneratedNever().IsConcurrencyToken();
        announcement.Property(a => a.IsOpen).HasDefaultValue(true).ValueGeneratedNever();
        announcement.Property(a => a.ChangedAt).HasDefaultValueSql("now()").ValueGeneratedNever();
        announcement.Property(a => a.TraceParent).HasMaxLength(Announcement.TraceParentLength);
        announcement.Property(a => a.CalendarSecret).HasMaxLength(CalendarFeed.SecretPrefix.Length + RandomSecret.Digits)
            .HasDefaultValueSql($"'{CalendarFeed.SecretPrefix}' || replace(gen_random_uuid()::text || gen_random_uuid(), '-', '')")
            .ValueGeneratedNever();
        announcement.Property(a => a.DeliveredVersion).HasDefaultValue(0).ValueGeneratedNever();
        announcement.Property(a => a.Reposts).HasDefaultValue(0).ValueGeneratedNever();
        announcement.Property(a => a.Attempts).HasDefaultValue(0).ValueGeneratedNever();
        announcement.Property(a => a.Failure).HasMaxLength(Announcement.FailureMaxLength);
        announcement.HasIndex(a => a.ChannelId).HasDatabaseName("IX_Announcements_ToDeliver")
            .HasFilter("delivered_version < version AND failure IS NULL");
        announcement.HasOne<Game>().WithOne().HasForeignKey<Announcement>(a => a.GameId);
    }
}
