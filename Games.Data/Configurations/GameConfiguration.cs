using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class GameConfiguration : IEntityTypeConfiguration<Game>
{
    private const int StatusMaxLength = 20;

    public void Configure(EntityTypeBuilder<Game> game)
    {
        game.ToTable("games");
        game.Property(g => g.Id).ValueGeneratedNever();
        game.Property(g => g.GuildId).HasMaxLength(Snowflake.MaxLength);
        game.Property(g => g.ChannelId).HasMaxLength(Snowflake.MaxLength);
        game.Property(g => g.HostId).HasMaxLength(Snowflake.MaxLength);
        game.Property(g => g.Title).HasMaxLength(Game.TitleMaxLength);
        game.Property(g => g.Description).HasMaxLength(Game.DescriptionMaxLength);
        game.Property(g => g.Location).HasMaxLength(Game.LocationMaxLength);
        game.Property(g => g.Status).HasMaxLength(StatusMaxLength).HasConversion(
            status => status.ToString().ToLowerInvariant(),
            text => Enum.Parse<GameStatus>(text, ignoreCase: true));

        // Ids are uuid v7, so their order is the order of creation: one index serves a guild's pages, newest first.
        game.HasIndex(g => new { g.GuildId, g.Id });
    }
}
