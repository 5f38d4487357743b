using System.Data.Common;
using Games.Data;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.Tests.Data;

public sealed class SavingTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly CountedTransactions transactions = new();
    private readonly IHost host;
    private readonly AsyncServiceScope scope;
    private readonly GamesDbContext db;

    public SavingTests(TestDatabase database)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration["ConnectionStrings:Games"] = database.ConnectionString;
        builder.AddGamesDatabase();
        builder.Services.ConfigureDbContext<GamesDbContext>(options => options.AddInterceptors(transactions));
        host = builder.Build();
        scope = host.Services.CreateAsyncScope();
        db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
    }

    [Fact]
    public async Task What_is_new_is_saved_in_one_round_trip()
    {
        var (one, other) = (NewGame.With(), NewGame.With());
        db.AddRange(one, other);

        await db.SaveChangesAsync();

        Assert.Equal(0, transactions.Started);
        Assert.Equal(2, await db.Games.CountAsync(game => game.Id == one.Id || game.Id == other.Id));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_what_is_new_all_is_saved_or_nothing(bool badOneFirst)
    {
        var game = NewGame.With();
        var orphan = Player.Join(Guid.CreateVersion7(), "400000000000000001", NewGame.Now);
        if (badOneFirst)
            db.AddRange(orphan, game);
        else
            db.AddRange(game, orphan);

        await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());

        Assert.Equal(0, transactions.Started);
        Assert.False(await db.Games.AnyAsync(x => x.Id == game.Id));
    }

    [Fact]
    public async Task What_changes_rows_that_are_there_has_a_transaction()
    {
        var (gone, unsaved) = (NewGame.With(), NewGame.With());
        db.Add(gone);
        await db.SaveChangesAsync();
        await db.Games.Where(game => game.Id == gone.Id).ExecuteDeleteAsync();
        db.Entry(gone).State = EntityState.Modified;
        db.Add(unsaved);

        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync());

        Assert.Equal(1, transactions.Started);
        Assert.False(await db.Games.AnyAsync(game => game.Id == unsaved.Id));
    }

    public async ValueTask DisposeAsync()
    {
        await scope.DisposeAsync();
        host.Dispose();
    }

    private sealed class CountedTransactions : DbTransactionInterceptor
    {
        public int Started { get; private set; }

        public override ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
            DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken ct = default)
        {
            Started++;
            return base.TransactionStartingAsync(connection, eventData, result, ct);
        }
    }
}
