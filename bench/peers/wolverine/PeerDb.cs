using Microsoft.EntityFrameworkCore;

public class Game
{
    public Guid Id { get; set; }
    public string GuildId { get; set; } = "";
    public string ChannelId { get; set; } = "";
    public string HostId { get; set; } = "";
    public string Title { get; set; } = "";
    public string Description { get; set; } = "";
    public DateTimeOffset ScheduledAt { get; set; }
    public int MaxPlayers { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

public class Announcement
{
    public Guid GameId { get; set; }
    public string Text { get; set; } = "";
    public DateTimeOffset CreatedAt { get; set; }
}

public class PeerDb(DbContextOptions<PeerDb> options) : DbContext(options)
{
    public DbSet<Game> Games => Set<Game>();
    public DbSet<Announcement> Announcements => Set<Announcement>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<Game>(game =>
        {
            game.ToTable("games");
            game.HasKey(x => x.Id);
            game.Property(x => x.Id).HasColumnName("id").ValueGeneratedNever();
            game.Property(x => x.GuildId).HasColumnName("guild_id");
            game.Property(x => x.ChannelId).HasColumnName("channel_id");
            game.Property(x => x.HostId).HasColumnName("host_id");
            game.Property(x => x.Title).HasColumnName("title");
            game.Property(x => x.Description).HasColumnName("description");
            game.Property(x => x.ScheduledAt).HasColumnName("scheduled_at");
            game.Property(x => x.MaxPlayers).HasColumnName("max_players");
            game.Property(x => x.CreatedAt).HasColumnName("created_at");
        });
        model.Entity<Announcement>(announcement =>
        {
            announcement.ToTable("announcements");
            announcement.HasKey(x => x.GameId);
            announcement.Property(x => x.GameId).HasColumnName("game_id").ValueGeneratedNever();
            announcement.Property(x => x.Text).HasColumnName("text");
            announcement.Property(x => x.CreatedAt).HasColumnName("created_at");
        });
    }
}
