using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Tests.Outbox;

/// <summary>Here and not beside the other tests of the data: the official build's model has fewer outbox columns, by design.</summary>
public sealed class MigrationSnapshotTests
{
    [Fact]
    public void The_migrations_say_what_the_model_says()
    {
        using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql("Host=unused").Options);

        Assert.False(db.Database.HasPendingModelChanges());
    }
}
