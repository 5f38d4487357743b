using Games.Data.Configurations;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace Games.Data;

public sealed class GamesDbContext(DbContextOptions<GamesDbContext> options) : DbContext(options)
{
    public DbSet<Game> Games => Set<Game>();
    public DbSet<Player> Players => Set<Player>();
    public DbSet<Announcement> Announcements => Set<Announcement>();
    public DbSet<DirectMessage> DirectMessages => Set<DirectMessage>();
    public DbSet<DirectMessageChannel> DirectMessageChannels => Set<DirectMessageChannel>();
    public DbSet<Lease> Leases => Set<Lease>();
    public DbSet<StoredGatewaySession> GatewaySessions => Set<StoredGatewaySession>();
    public DbSet<DiscordMessage> DiscordMessages => Set<DiscordMessage>();
    public DbSet<JournalEvent> Events => Set<JournalEvent>();
    public DbSet<CalendarFeed> CalendarFeeds => Set<CalendarFeed>();
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();
    public DbSet<IdempotencyKey> IdempotencyKeys => Set<IdempotencyKey>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(GamesDbContext).Assembly);
        modelBuilder.NameInSnakeCase();
        modelBuilder.AddTransactionalOutboxEntities();
    }
}
