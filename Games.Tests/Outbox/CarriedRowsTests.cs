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

/// <summary>InsertInOneRoundTrip: messages as a statement of their own in the batch of a save that only inserts.</summary>
public sealed class CarriedRowsTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_row_is_the_one_that_EF_Core_would_write(bool async)
    {
        await using var service = await BuildAsync();
        var rows = new Dictionary<bool, OutboxMessage>();
        var (conversation, correlation, initiator, request) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());

        foreach (var isCarried in new[] { true, false })
        {
            var messageId = Guid.NewGuid();
            await service.InScopeAsync(async (db, publisher) =>
            {
                if (isCarried)
                    db.Add(ANote());
                await publisher.Publish(new NoteTaken(correlation, "«raid» 🎲"), context =>
                {
                    (context.MessageId, context.ConversationId, context.CorrelationId) = (messageId, conversation, correlation);
                    (context.InitiatorId, context.RequestId) = (initiator, request);
                    (context.ResponseAddress, context.FaultAddress) = (new("queue:answers here"), new("queue:faults"));
                    context.TimeToLive = TimeSpan.FromHours(1);
                    context.Headers.Set("tenant", "{0} 'blue'");
                    context.SetRoutingKey("north");
                    context.SetOrderingKey("in line");
                });
                await SaveAsync(db, async);
                Assert.Equal(isCarried ? 0 : 1, db.ChangeTracker.Entries<OutboxMessage>().Count());
            });
            rows[isCarried] = await service.QueryAsync(db => db.Set<OutboxMessage>().AsNoTracking().SingleAsync(x => x.MessageId == messageId));
        }

        Assert.NotNull(rows[true].Properties);
        foreach (var property in typeof(OutboxMessage).GetProperties().Where(x => x.Name is not (
            nameof(OutboxMessage.SequenceNumber) or nameof(OutboxMessage.MessageId) or nameof(OutboxMessage.Created)
            or nameof(OutboxMessage.SentTime) or nameof(OutboxMessage.ExpirationTime) or nameof(OutboxMessage.Body))))
        {
            Assert.Equal((property.Name, property.GetValue(rows[false])), (property.Name, property.GetValue(rows[true])));
        }

        foreach (var row in rows.Values)
        {
            Assert.InRange(row.SentTime, row.Created.AddMinutes(-1), row.Created);
            Assert.Equal(row.SentTime.AddHours(1), row.ExpirationTime!.Value, TimeSpan.FromMilliseconds(1));
            Assert.Equal("«raid» 🎲", TextOf(row.Body));
        }
    }

    [Fact]
    public async Task A_save_that_only_inserts_is_one_command_without_a_transaction_and_leaves_no_message_in_the_tracker()
    {
        var counted = new Counted();
        await using var service = await BuildAsync(counted);

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(ANote());
            for (var i = 0; i < 3; i++)
                await publisher.Publish(new NoteTaken(Guid.NewGuid(), $"one of three {i}"));
            await db.SaveChangesAsync();

            Assert.Empty(db.ChangeTracker.Entries<OutboxMessage>());
            Assert.False(db.ChangeTracker.HasChanges());
        });

        Assert.Equal((1, 0), (counted.Commands, counted.Transactions));
        Assert.Equal(["one of three 0", "one of three 1", "one of three 2"], await TextsAsync(service, "one of three"));
    }

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
    public async Task They_leave_in_their_order_and_at_once()
    {
        await using var service = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString,
            x => x.AddConsumer<TakenConsumer, TakenConsumerDefinition>(), outbox: x => x.QueryDelay = TimeSpan.FromHours(1),
            host: x => x.Configuration["Outbox:KeepAliveInterval"] = "01:00:00");

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(ANote());
            for (var i = 0; i < 20; i++)
                await publisher.Publish(new NoteTaken(Guid.NewGuid(), $"in order {i}"));
            await db.SaveChangesAsync();
        });

        string[] Texts() => [.. service.Services.GetRequiredService<Seen>().Of<NoteTaken>().Select(x => x.Text).Where(x => x.StartsWith("in order", StringComparison.Ordinal))];
        await Until.TrueAsync(() => Texts().Length == 20, "all have arrived");
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"in order {i}"), Texts());
        await Until.TrueAsync(async () => await service.QueryAsync(db => db.Set<OutboxMessage>().CountAsync(x => x.Body.Contains("in order"))) == 0, "their rows are gone");
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
                Assert.Empty(db.ChangeTracker.Entries<OutboxMessage>());

                await (commits ? transaction.CommitAsync() : transaction.RollbackAsync());
            });
        }

        Assert.Equal(["decided True"], await TextsAsync(service, "decided"));
    }

    [Fact]
    public async Task What_EF_Core_may_leave_without_a_batch_is_its_own_to_save()
    {
        await using var service = await BuildAsync();
        var note = ANote();

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(new NoteTaken(note.Id, "nothing else"));
            await db.SaveChangesAsync();
            Assert.Single(db.ChangeTracker.Entries<OutboxMessage>());
        });
        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(note);
            await db.SaveChangesAsync();

            note.Text = ANote().Text;
            db.Add(ANote());
            await publisher.Publish(new NoteTaken(note.Id, "an update"));
            await db.SaveChangesAsync();
            Assert.Single(db.ChangeTracker.Entries<OutboxMessage>());
        });
        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(ANote());
            for (var i = 0; i < 101; i++)
                await publisher.Publish(new NoteTaken(Guid.NewGuid(), $"very many {i}"));
            await db.SaveChangesAsync();
            Assert.Equal(101, db.ChangeTracker.Entries<OutboxMessage>().Count());
        });

        Assert.Single(await TextsAsync(service, "nothing else"));
        Assert.Single(await TextsAsync(service, "an update"));
        Assert.Equal(101, (await TextsAsync(service, "very many")).Length);
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
    public async Task A_save_that_its_caller_may_do_again_is_left_to_EF_Core()
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

    private Task<NotesService> BuildAsync(IInterceptor? interceptor = null, Action<DbContextOptionsBuilder>? options = null) => NotesService.BuildAsync(
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
        var bodies = await service.QueryAsync(db => db.Set<OutboxMessage>().Where(x => x.Body.Contains(text)).OrderBy(x => x.SequenceNumber).Select(x => x.Body).ToArrayAsync());

        return [.. bodies.Select(TextOf)];
    }

    private static string TextOf(string body)
    {
        using var document = JsonDocument.Parse(body);

        return document.RootElement.GetProperty("message").GetProperty("text").GetString()!;
    }

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }
    }

    private sealed class TakenConsumerDefinition : ConsumerDefinition<TakenConsumer>
    {
        public TakenConsumerDefinition()
        {
            EndpointName = "carried-taken";
            ConcurrentMessageLimit = 1;
        }
    }

    /// <summary>Of saves alone.</summary>
    private sealed class Counted : IDbCommandInterceptor, IDbTransactionInterceptor
    {
        public int Commands { get; private set; }
        public int Transactions { get; private set; }

        public ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Commands += eventData.CommandSource is CommandSource.SaveChanges ? 1 : 0;

            return ValueTask.FromResult(result);
        }

        public ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
            DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken cancellationToken = default)
        {
            Transactions += eventData.Context!.ChangeTracker.HasChanges() ? 1 : 0;

            return ValueTask.FromResult(result);
        }
    }

    /// <summary>The first commit fails before it reaches the server.</summary>
    private sealed class BrokenCommit : DbTransactionInterceptor
    {
        public int Commits { get; private set; }

        public override ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
            eventData.Context!.ChangeTracker.HasChanges() && ++Commits == 1 ? throw new InvalidOperationException("The commit fails.") : ValueTask.FromResult(result);
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
