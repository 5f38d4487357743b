using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class IdempotencyKeyConfiguration : IEntityTypeConfiguration<IdempotencyKey>
{
    public void Configure(EntityTypeBuilder<IdempotencyKey> key)
    {
        key.ToTable("idempotency_keys");
        key.HasKey(k => new { k.ApiKeyId, k.Key });
        key.Property(k => k.Key).HasMaxLength(IdempotencyKey.KeyMaxLength);
        // The old ones, for whoever deletes them.
        key.HasIndex(k => k.CreatedAt);
    }
}
