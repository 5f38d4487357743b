using System.Data.Common;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>InsertInOneRoundTrip: which saves go without BEGIN and COMMIT, and that each is one transaction all the same.</summary>
public sealed class OneRoundTripTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    private readonly CountedSaves _counted = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_save_that_only_inserts_is_one_command_without_a_transaction(bool async)
    {
        await using var provider = await BuildAsync();
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<VisitsDbContext>();
        var visits = Enumerable.Range(0, 3).Select(_ => AVisit()).ToArray();
        db.AddRange(visits);
        foreach (var visit in visits)
            await PublishAsync(scope, visit);

        await SaveAsync(db, async);

        Assert.Equal((1, 0), (_counted.Commands, _counted.Transactions));
        Assert.All(visits, visit => Assert.NotEqual(0, visit.Number));
        Assert.Equal(visits.Select(x => x.Text), await SavedAsync(visits));
        Assert.Equal(3, await MessagesAsync(visits));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_insert_that_fails_rolls_back_those_before_it(bool async)
    {
        await using var provider = await BuildAsync();
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<VisitsDbContext>();
        var (good, bad) = (AVisit(), AVisit());
        bad.Text = good.Text;
        db.AddRange(good, bad);
        await PublishAsync(scope, good);

        await Assert.ThrowsAsync<DbUpdateException>(() => SaveAsync(db, async));

        Assert.Equal((1, 0), (_counted.Commands, _counted.Transactions));
        Assert.Empty(await SavedAsync(good));
        Assert.Equal(0, await MessagesAsync(good));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_constraint_that_is_checked_at_the_commit_fails_the_save(bool async)
    {
        await using var provider = await BuildAsync();
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<VisitsDbContext>();
        var (one, other) = (AVisit(), AVisit());
        (one.Seat, other.Seat) = (one.Text, one.Text);
        db.AddRange(one, other);
        await PublishAsync(scope, one);

        await Assert.ThrowsAsync<DbUpdateException>(() => SaveAsync(db, async));

        Assert.Equal((1, 0), (_counted.Commands, _counted.Transactions));
        Assert.Empty(await SavedAsync(one, other));
        Assert.Equal(0, await MessagesAsync(one));
    }

    [Fact]
    public async Task A_save_with_an_update_keeps_its_transaction()
    {
        await using var provider = await BuildAsync();
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<VisitsDbContext>();
        var (gone, added) = (AVisit(), AVisit());
        db.Add(gone);
        await db.SaveChangesAsync();
        await db.Visits.Where(x => x.Text == gone.Text).ExecuteDeleteAsync();
        gone.Text = AVisit().Text;
        db.Add(added);
        await PublishAsync(scope, added);

        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync());

        Assert.Equal((2, 1), (_counted.Commands, _counted.Transactions));
        Assert.Empty(await SavedAsync(added));
        Assert.Equal(0, await MessagesAsync(added));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Several_batches_are_one_transaction(bool fails)
    {
        await using var provider = await BuildAsync(maxBatchSize: 4);
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<VisitsDbContext>();
        var visits = Enumerable.Range(0, 10).Select(_ => AVisit()).ToArray();
        if (fails)
            visits[9].Text = visits[0].Text;
        db.AddRange(visits);

        if (fails)
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
        else
            await db.SaveChangesAsync();

        Assert.Equal((3, 1), (_counted.Commands, _counted.Transactions));
        Assert.Equal(fails ? 0 : 10, (await SavedAsync(visits)).Length);
    }

    [Fact]
    public async Task Without_the_option_a_save_has_its_transaction()
    {
        await using var provider = await BuildAsync(isOn: false);
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<VisitsDbContext>();
        db.AddRange(AVisit(), AVisit());

        await db.SaveChangesAsync();

        Assert.Equal((1, 1), (_counted.Commands, _counted.Transactions));
    }

    [Fact]
    public void Before_the_provider_it_says_what_to_do()
    {
        var options = new DbContextOptionsBuilder<VisitsDbContext>();
        options.InsertInOneRoundTrip().UseNpgsql(database.ConnectionString);

        var refused = Assert.Throws<InvalidOperationException>(() => new VisitsDbContext(options.Options).Model);

        Assert.Contains("after UseNpgsql()", refused.Message);
    }

    private async Task<ServiceProvider> BuildAsync(bool isOn = true, int maxBatchSize = 1000)
    {
        var services = new ServiceCollection();
        services.AddDbContext<VisitsDbContext>(options =>
        {
            options.UseNpgsql(database.ConnectionString, npgsql => npgsql.MaxBatchSize(maxBatchSize));
            options.AddInterceptors(_counted).ConfigureWarnings(x => x.Default(WarningBehavior.Throw));
            if (isOn)
                options.InsertInOneRoundTrip();
        });
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddLogging();
        services.AddMassTransit(x =>
        {
            x.AddEntityFrameworkOutbox<VisitsDbContext>(outbox => outbox.UsePostgres().UseBusOutbox());
            x.UsingInMemory();
        });
        var provider = services.BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<VisitsDbContext>().Database;
        if (await context.EnsureCreatedAsync())
            await context.ExecuteSqlRawAsync("""ALTER TABLE "Visits" ADD CONSTRAINT one_a_seat UNIQUE ("Seat") DEFERRABLE INITIALLY DEFERRED""");
        _counted.Reset();

        return provider;
    }

    private static Visit AVisit() => new() { Text = $"visit {Guid.NewGuid():N}" };

    private static Task PublishAsync(AsyncServiceScope scope, Visit visit) =>
        scope.ServiceProvider.GetRequiredService<IPublishEndpoint>().Publish(new NoteTaken(Guid.NewGuid(), visit.Text));

    private static async Task SaveAsync(DbContext db, bool async)
    {
        if (async)
            await db.SaveChangesAsync();
        else
            db.SaveChanges();
    }

    private VisitsDbContext Open() => new(new DbContextOptionsBuilder<VisitsDbContext>().UseNpgsql(database.ConnectionString).Options);

    private async Task<string[]> SavedAsync(params Visit[] visits)
    {
        await using var db = Open();
        var texts = visits.Select(x => x.Text).ToArray();

        return await db.Visits.Where(x => texts.Contains(x.Text)).OrderBy(x => x.Number).Select(x => x.Text).ToArrayAsync();
    }

    private async Task<int> MessagesAsync(params Visit[] visits)
    {
        await using var db = Open();
        var bodies = await db.Set<OutboxMessage>().Select(x => x.Body).ToListAsync();

        return visits.Sum(visit => bodies.Count(body => body.Contains(visit.Text)));
    }

    private sealed class Visit
    {
        public int Number { get; private set; }
        public required string Text { get; set; }
        public string? Seat { get; set; }
    }

    private sealed class VisitsDbContext(DbContextOptions<VisitsDbContext> options) : DbContext(options)
    {
        public DbSet<Visit> Visits => Set<Visit>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            var visit = modelBuilder.Entity<Visit>();
            visit.HasKey(x => x.Number);
            visit.HasIndex(x => x.Text).IsUnique();
            modelBuilder.AddTransactionalOutboxEntities();
        }
    }

    /// <summary>The commands of saves, and the transactions that began while there was something to save.</summary>
    private sealed class CountedSaves : IDbCommandInterceptor, IDbTransactionInterceptor
    {
        public int Commands { get; private set; }
        public int Transactions { get; private set; }

        public void Reset() => (Commands, Transactions) = (0, 0);

        public InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData,
            InterceptionResult<DbDataReader> result)
        {
            Commands += eventData.CommandSource is CommandSource.SaveChanges ? 1 : 0;

            return result;
        }

        public ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(ReaderExecuting(command, eventData, result));

        public InterceptionResult<DbTransaction> TransactionStarting(
            DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result)
        {
            Transactions += eventData.Context!.ChangeTracker.HasChanges() ? 1 : 0;

            return result;
        }

        public ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
            DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result,
            CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(TransactionStarting(connection, eventData, result));
    }
}
