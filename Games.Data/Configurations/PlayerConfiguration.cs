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
        player.HasOne<Game>().WithMany().HasForeignKey(p => p.GameId);
    }
}
