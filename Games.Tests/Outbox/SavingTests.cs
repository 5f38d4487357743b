using System.Data.Common;
using System.Text.Json;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Games.Tests.Outbox;

/// <summary>A message shares the fate of the save that it belongs to, whatever becomes of that.</summary>
public sealed class SavingTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task Each_save_of_a_context_inserts_its_own_messages()
    {
        await using var service = await BuildAsync();

        await service.InScopeAsync(async (db, publisher) =>
        {
            foreach (var which in new[] { "first", "second" })
            {
                db.ChangeTracker.Clear();
                db.Add(ANote());
                await publisher.Publish(new NoteTaken(Guid.NewGuid(), $"of the {which} save"));
                await db.SaveChangesAsync();
            }
        });

        Assert.Equal(["of the first save", "of the second save"], await TextsAsync(service, "save"));
    }

    [Fact]
    public async Task Messages_of_several_saves_in_one_transaction_keep_their_order()
    {
        await using var service = await BuildAsync();

        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            foreach (var which in new[] { "first", "second" })
            {
                await publisher.Publish(new NoteTaken(Guid.NewGuid(), $"ordered: {which}"));
                await db.SaveChangesAsync();
            }

            await transaction.CommitAsync();
        });

        var keys = await service.QueryAsync(db =>
            db.Set<OutboxMessage>().Where(x => x.Body.Contains("ordered: ")).Select(x => x.OrderingKey).ToArrayAsync());
        Assert.Equal(2, keys.Length);
        Assert.NotNull(keys[0]);
        Assert.Equal(keys[0], keys[1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_save_that_failed_the_next_one_publishes_once(bool async)
    {
        await using var service = await BuildAsync();
        var taken = ANote();
        await service.InScopeAsync(async (db, _) =>
        {
            db.Add(taken);
            await db.SaveChangesAsync();
        });

        await service.InScopeAsync(async (db, publisher) =>
        {
            var note = new Note { Text = taken.Text };
            db.Add(note);
            await publisher.Publish(new NoteTaken(note.Id, $"second try {async}"));
            await Assert.ThrowsAsync<DbUpdateException>(() => SaveAsync(db, async));
            Assert.Equal(EntityState.Added, db.ChangeTracker.Entries<OutboxMessage>().Single().State);

            note.Text = ANote().Text;
            await SaveAsync(db, async);
        });

        Assert.Single(await TextsAsync(service, $"second try {async}"));
    }

    [Fact]
    public async Task A_commit_that_failed_has_saved_nothing_and_the_next_save_publishes_once()
    {
        var broken = new BrokenCommit();
        await using var service = await BuildAsync(broken, options => options.UseNpgsql(database.ConnectionString, npgsql => npgsql.MaxBatchSize(2)));

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.AddRange(Enumerable.Range(0, 5).Select(_ => ANote()));
            await publisher.Publish(new NoteTaken(Guid.NewGuid(), "over several batches"));
            await Assert.ThrowsAnyAsync<Exception>(() => db.SaveChangesAsync());
            Assert.Equal(1, broken.Commits);
            Assert.Empty(await TextsAsync(service, "over several batches"));

            await db.SaveChangesAsync();
        });

        Assert.Equal(2, broken.Commits);
        Assert.Single(await TextsAsync(service, "over several batches"));
    }

    [Fact]
    public async Task A_retry_of_EF_Core_publishes_once()
    {
        var broken = new BrokenOnce();
        await using var service = await BuildAsync(
            broken, options => options.UseNpgsql(database.ConnectionString, npgsql => npgsql.EnableRetryOnFailure(3, TimeSpan.Zero, null)));

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(ANote());
            await publisher.Publish(new NoteTaken(Guid.NewGuid(), "tried by the strategy"));
            await db.SaveChangesAsync();
        });

        Assert.Equal(2, broken.Commands);
        Assert.Single(await TextsAsync(service, "tried by the strategy"));
    }

    [Fact]
    public async Task A_transaction_of_the_application_decides()
    {
        await using var service = await BuildAsync();

        foreach (var commits in new[] { true, false })
        {
            await service.InScopeAsync(async (db, publisher) =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                db.Add(ANote());
                await publisher.Publish(new NoteTaken(Guid.NewGuid(), $"decided {commits}"));
                await db.SaveChangesAsync();

                await (commits ? transaction.CommitAsync() : transaction.RollbackAsync());
            });
        }

        Assert.Equal(["decided True"], await TextsAsync(service, "decided"));
    }

    [Fact]
    public async Task A_save_that_somebody_suppressed_has_saved_nothing_and_the_next_one_publishes()
    {
        var suppressing = new Suppressing();
        await using var service = await BuildAsync(suppressing);

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(ANote());
            await publisher.Publish(new NoteTaken(Guid.NewGuid(), "suppressed"));
            suppressing.IsOn = true;
            await db.SaveChangesAsync();
            Assert.Empty(await TextsAsync(service, "suppressed"));

            suppressing.IsOn = false;
            await db.SaveChangesAsync();
        });

        Assert.Single(await TextsAsync(service, "suppressed"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_an_interceptor_that_throws_the_message_is_still_there_unless_the_tracker_was_cleared(bool clears)
    {
        var suppressing = new Suppressing { Throws = true };
        await using var service = await BuildAsync(suppressing);

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(ANote());
            await publisher.Publish(new NoteTaken(Guid.NewGuid(), $"thrown at {clears}"));
            suppressing.IsOn = true;
            await Assert.ThrowsAsync<InvalidOperationException>(() => db.SaveChangesAsync());

            suppressing.IsOn = false;
            if (clears)
            {
                db.ChangeTracker.Clear();
                db.Add(ANote());
            }

            await db.SaveChangesAsync();
        });

        Assert.Equal(clears ? 0 : 1, (await TextsAsync(service, $"thrown at {clears}")).Length);
    }

    [Fact]
    public async Task A_save_that_its_caller_may_do_again_publishes_once()
    {
        await using var service = await BuildAsync();

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(ANote());
            await publisher.Publish(new NoteTaken(Guid.NewGuid(), "done again"));
            await using (await db.Database.BeginTransactionAsync())
                await db.SaveChangesAsync(acceptAllChangesOnSuccess: false);
            Assert.Empty(await TextsAsync(service, "done again"));

            await db.SaveChangesAsync();
        });

        Assert.Single(await TextsAsync(service, "done again"));
    }

    [Fact]
    public async Task A_cleared_tracker_drops_the_message_with_the_rest()
    {
        await using var service = await BuildAsync();

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(ANote());
            await publisher.Publish(new NoteTaken(Guid.NewGuid(), "dropped"));
            db.ChangeTracker.Clear();
            db.Add(ANote());
            await db.SaveChangesAsync();
        });

        Assert.Empty(await TextsAsync(service, "dropped"));
    }

    private Task<NotesService> BuildAsync(IInterceptor? interceptor = null, Action<DbContextOptionsBuilder>? options = null) =>
        NotesService.BuildAsync(
        database.ConnectionString, broker.ConnectionString,
        host: x => x.Services.ConfigureDbContext<NotesDbContext>(context =>
        {
            options?.Invoke(context);
            if (interceptor is not null)
                context.AddInterceptors(interceptor);
        }));

    private static Note ANote() => new() { Text = $"note {Guid.NewGuid():N}" };

    private static async Task SaveAsync(DbContext db, bool async)
    {
        if (async)
            await db.SaveChangesAsync();
        else
            db.SaveChanges();
    }

    private static async Task<string[]> TextsAsync(NotesService service, string text)
    {
        var bodies = await service.QueryAsync(db =>
            db.Set<OutboxMessage>().Where(x => x.Body.Contains(text)).OrderBy(x => x.SequenceNumber).Select(x => x.Body).ToArrayAsync());

        return [.. bodies.Select(TextOf)];
    }

    private static string TextOf(string body)
    {
        using var document = JsonDocument.Parse(body);

        return document.RootElement.GetProperty("message").GetProperty("text").GetString()!;
    }

    /// <summary>The first commit fails before it reaches the server.</summary>
    private sealed class BrokenCommit : DbTransactionInterceptor
    {
        public int Commits { get; private set; }

        public override ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
            eventData.Context!.ChangeTracker.HasChanges() && ++Commits == 1 ? throw new InvalidOperationException("The commit fails.")
                : ValueTask.FromResult(result);
    }

    /// <summary>The first command of a save fails as it does when a connection breaks.</summary>
    private sealed class BrokenOnce : DbCommandInterceptor
    {
        public int Commands { get; private set; }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default) =>
            eventData.CommandSource is CommandSource.SaveChanges && ++Commands == 1
                ? throw new NpgsqlException("The connection breaks.", new IOException()) : ValueTask.FromResult(result);
    }

    private sealed class Suppressing : SaveChangesInterceptor
    {
        public bool IsOn { get; set; }
        public bool Throws { get; init; }

        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
            IsOn && Throws ? throw new InvalidOperationException("planned")
            : ValueTask.FromResult(IsOn ? InterceptionResult<int>.SuppressWithResult(0) : result);
    }
}
