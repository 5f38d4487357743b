using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class DirectMessageChannelConfiguration : IEntityTypeConfiguration<DirectMessageChannel>
{
    public void Configure(EntityTypeBuilder<DirectMessageChannel> channel)
    {
        channel.ToTable("direct_message_channels");
        channel.HasKey(c => c.UserId);
        channel.Property(c => c.UserId).HasMaxLength(Snowflake.MaxLength);
        channel.Property(c => c.ChannelId).HasMaxLength(Snowflake.MaxLength);
    }
}

internal sealed class LeaseConfiguration : IEntityTypeConfiguration<Lease>
{
    public void Configure(EntityTypeBuilder<Lease> lease)
    {
        lease.ToTable("leases");
        lease.HasKey(l => l.Name);
        lease.Property(l => l.Name).HasMaxLength(Lease.NameMaxLength);
        lease.Property(l => l.Problem).HasMaxLength(Lease.ProblemMaxLength);
    }
}

internal sealed class StoredGatewaySessionConfiguration : IEntityTypeConfiguration<StoredGatewaySession>
{
    public void Configure(EntityTypeBuilder<StoredGatewaySession> session)
    {
        session.ToTable("gateway_sessions");
        session.HasKey(s => s.Shard);
        session.Property(s => s.Shard).ValueGeneratedNever();
        session.Property(s => s.SessionId).HasMaxLength(StoredGatewaySession.SessionIdMaxLength);
        session.Property(s => s.ResumeUrl).HasMaxLength(StoredGatewaySession.ResumeUrlMaxLength);
        session.Property(s => s.SavedAt).HasDefaultValueSql("now()");
    }
}
