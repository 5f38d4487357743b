using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class ApiKeyConfiguration : IEntityTypeConfiguration<ApiKey>
{
    private const string TimesRule =
        "least(created_at, expires_at, revoked_at, last_used_at) >= '2000-01-01 00:00:00+00' "
        + "AND greatest(created_at, expires_at, revoked_at, last_used_at) < '10000-01-01 00:00:00+00'";

    public void Configure(EntityTypeBuilder<ApiKey> key)
    {
        key.ToTable("api_keys", table =>
        {
            table.HasCheckConstraint("ck_api_keys_hash_is_a_sha256", "octet_length(hash) = 32");
            // A time that .NET cannot hold would keep all keys from being read.
            table.HasCheckConstraint("ck_api_keys_times_are_of_the_years_2000_to_9999", TimesRule);
        });
        key.Property(k => k.Id).ValueGeneratedNever();
        key.Property(k => k.Name).HasMaxLength(ApiKey.NameMaxLength);
        key.HasIndex(k => k.Hash).IsUnique();
        // A revoked key keeps its name, and another may take it.
        key.HasIndex(k => k.Name).IsUnique().HasFilter("revoked_at IS NULL");
    }
}
