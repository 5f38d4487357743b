using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>InsertInOneRoundTrip with models of other kinds.</summary>
public sealed class InsertingModelsTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    [Fact]
    public async Task A_table_with_a_column_that_the_application_added_is_left_to_EF_Core()
    {
        await using var provider = Build<TenantDbContext>();
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TenantDbContext>();
        await db.Database.EnsureDeletedAsync();
        await db.Database.EnsureCreatedAsync();

        db.Add(new Note { Text = "of a tenant" });
        await scope.ServiceProvider.GetRequiredService<IPublishEndpoint>().Publish(new NoteTaken(Guid.NewGuid(), "of a tenant"));
        db.ChangeTracker.Entries<OutboxMessage>().Single().Property("Tenant").CurrentValue = "blue";
        await db.SaveChangesAsync();

        Assert.Equal("blue", await db.Set<OutboxMessage>().Select(x => EF.Property<string>(x, "Tenant")).SingleAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Entities_that_the_database_numbers_get_their_numbers_and_the_messages_theirs(int count)
    {
        await using var provider = Build<CountedDbContext>(options => options.ConfigureWarnings(x => x.Default(WarningBehavior.Throw)));
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<CountedDbContext>();
        await db.Database.EnsureDeletedAsync();
        await db.Database.EnsureCreatedAsync();
        var visitors = Enumerable.Range(0, count).Select(_ => new Visitor()).ToArray();

        db.AddRange(visitors);
        db.Add(new Note { Text = $"of {count}" });
        for (var i = 0; i < count; i++)
            await scope.ServiceProvider.GetRequiredService<IPublishEndpoint>().Publish(new NoteTaken(Guid.NewGuid(), $"of {count}: {i}"));
        await db.SaveChangesAsync();

        Assert.Empty(db.ChangeTracker.Entries<OutboxMessage>());
        Assert.Equal(Enumerable.Range(1, count), visitors.Select(x => x.Number).Order());
        Assert.Equal(count, await db.Set<OutboxMessage>().CountAsync(x => x.Body.Contains($"of {count}")));
    }

    private ServiceProvider Build<TDbContext>(Action<DbContextOptionsBuilder>? configure = null)
        where TDbContext : DbContext
    {
        var services = new ServiceCollection();
        services.AddDbContext<TDbContext>(options =>
        {
            options.UseNpgsql(database.ConnectionString).InsertInOneRoundTrip();
            configure?.Invoke(options);
        });
        services.AddLogging();
        services.AddMassTransit(x =>
        {
            x.AddEntityFrameworkOutbox<TDbContext>(outbox => outbox.UsePostgres().UseBusOutbox());
            x.UsingInMemory();
        });

        return services.BuildServiceProvider();
    }

    private sealed class Visitor
    {
        public int Number { get; private set; }
    }

    private sealed class CountedDbContext(DbContextOptions<CountedDbContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Note>();
            modelBuilder.Entity<Visitor>().HasKey(x => x.Number);
            modelBuilder.AddTransactionalOutboxEntities();
        }
    }

    private sealed class TenantDbContext(DbContextOptions<TenantDbContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Note>();
            modelBuilder.AddTransactionalOutboxEntities();
            modelBuilder.Entity<OutboxMessage>().Property<string>("Tenant");
        }
    }
}
