using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

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
        model.Entity<Game>().ToTable("games").HasKey(game => game.Id);
        model.Entity<Announcement>().ToTable("announcements").HasKey(announcement => announcement.GameId);
        foreach (var property in model.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            property.SetColumnName(Regex.Replace(property.Name, "(?<=[a-z])[A-Z]", "_$0").ToLowerInvariant());
            property.ValueGenerated = ValueGenerated.Never;
        }
    }
}
