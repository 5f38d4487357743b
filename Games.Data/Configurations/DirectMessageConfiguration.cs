using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class DirectMessageConfiguration : IEntityTypeConfiguration<DirectMessage>
{
    public void Configure(EntityTypeBuilder<DirectMessage> message)
    {
        message.ToTable("direct_messages");
        message.Property(m => m.Id).ValueGeneratedNever();
        message.Property(m => m.UserId).HasMaxLength(Snowflake.MaxLength);
        message.Property(m => m.Text).HasMaxLength(Announcement.TextMaxLength);
        message.Property(m => m.TraceParent).HasMaxLength(Announcement.TraceParentLength);
        message.HasIndex(m => m.Id).HasDatabaseName("IX_DirectMessages_ToSend").HasFilter("sent_at IS NULL");
        message.Property(m => m.Attempts).HasDefaultValue(0).ValueGeneratedNever();
        message.Property(m => m.Failure).HasMaxLength(Announcement.FailureMaxLength);
        message.HasIndex(m => m.UserId).HasDatabaseName("IX_DirectMessages_ToDeliver").HasFilter("sent_at IS NULL AND failure IS NULL");
        message.HasIndex(m => m.GameId);
    }
}
