using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class ApiKeyConfiguration : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> key)
    {
        key.ToTable("api_keys", table => table.HasCheckConstraint("ck_api_keys_hash_is_a_sha256", "octet_length(hash) = 32"));
        key.Property(k => k.Id).ValueGeneratedNever();
        key.Property(k => k.Name).HasMaxLength(ApiKey.NameMaxLength);
        key.HasIndex(k => k.Hash).IsUnique();
        // A revoked key keeps its name, and another may take it.
        key.HasIndex(k => k.Name).IsUnique().HasFilter("revoked_at IS NULL");
    }
}
