using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class PlayerConfiguration : IEntityTypeConfiguration<Player>
{
    public void Configure(EntityTypeBuilder<Player> player)
    {
        player.ToTable("players");
        player.HasKey(p => new { p.GameId, p.UserId });
        player.Property(p => p.UserId).HasMaxLength(Snowflake.MaxLength);
        player.Property(p => p.DisplayName).HasMaxLength(Player.DisplayNameMaxLength);
        player.HasIndex(p => new { p.GameId, p.Number }).IsUnique();
        // For the games of one player.
        player.HasIndex(p => new { p.UserId, p.GameId });
    }
}
