using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Games.Data.Configurations;

internal sealed class GameConfiguration : IEntityTypeConfiguration<Game>
{
    private const int StatusMaxLength = 20;

    public void Configure(EntityTypeBuilder<Game> game)
    {
        game.ToTable("games", table =>
        {
            table.HasCheckConstraint("ck_games_status", "status IN ('scheduled', 'started', 'finished', 'cancelled')");
            table.HasCheckConstraint("ck_games_max_players", $"max_players BETWEEN 1 AND {Game.MaxPlayersLimit}");
            table.HasCheckConstraint("ck_games_people", $"people BETWEEN 0 AND {Game.MaxPeople}");
            table.HasCheckConstraint("ck_games_reminders", $"cardinality(reminders) <= {Game.MaxReminders}");
        });
        game.Property(g => g.Id).ValueGeneratedNever();
        // What is there, and what an older version of the services inserts, is at its first version.
        game.Property(g => g.Version).HasDefaultValue(1).ValueGeneratedNever().IsConcurrencyToken();
        game.Property(g => g.GuildId).HasMaxLength(Snowflake.MaxLength);
        game.Property(g => g.ChannelId).HasMaxLength(Snowflake.MaxLength);
        game.Property(g => g.HostId).HasMaxLength(Snowflake.MaxLength);
        game.Property(g => g.Title).HasMaxLength(Game.TitleMaxLength);
        game.Property(g => g.Description).HasMaxLength(Game.DescriptionMaxLength);
        game.Property(g => g.Location).HasMaxLength(Game.LocationMaxLength);
        game.Property(g => g.CancelReason).HasMaxLength(Game.CancelReasonMaxLength);
        game.Property(g => g.Reminders).HasDefaultValueSql("'{}'").ValueGeneratedNever();
        game.Property(g => g.ScheduleTokens).HasDefaultValueSql("'{}'").ValueGeneratedNever();
        game.Property(g => g.People).HasDefaultValue(0).ValueGeneratedNever();
        game.Property(g => g.LastNumber).HasDefaultValue(0).ValueGeneratedNever();
        game.Property(g => g.Status).HasMaxLength(StatusMaxLength).HasConversion(
            status => status.ToString().ToLowerInvariant(),
            text => Enum.Parse<GameStatus>(text, ignoreCase: true));
        game.Ignore(g => g.Playing).Ignore(g => g.Waiting).Ignore(g => g.Details);
        game.HasMany(g => g.Players).WithOne().HasForeignKey(player => player.GameId);

        // For lists, newest and soonest first, of all and of a guild. Ids are uuid v7, so their order is the order of creation. With the status in
        // front a rare one is found at once; a list of all merges the four.
        game.HasIndex(g => new { g.Status, g.Id });
        game.HasIndex(g => new { g.Status, g.ScheduledAt, g.Id });
        game.HasIndex(g => new { g.GuildId, g.Status, g.Id });
        game.HasIndex(g => new { g.GuildId, g.Status, g.ScheduledAt, g.Id });
        // A host has few games, so that they can be sorted; with the guild, because two indexes would be combined, and a guild has many.
        game.HasIndex(g => new { g.HostId, g.GuildId, g.Id });
    }
}
