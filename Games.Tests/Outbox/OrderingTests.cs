using Games.Outbox.Capture;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Tests.Outbox;

public sealed class OrderingTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task Messages_of_one_key_arrive_in_the_order_of_their_commits_from_two_replicas_on_a_line_that_is_cut()
    {
        const int keys = 5, writers = 4, each = 60;
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var cuttable);
        await using var consumer = await StartAsync(x => x.AddConsumer<TakenConsumer, TakenConsumerDefinition>(), "Outbox:PollInterval=01:00:00");
        await using var first = await StartAsync(cuttable, "Outbox:Lease=00:00:01");
        await using var second = await StartAsync(cuttable, "Outbox:Lease=00:00:01");
        var written = new (long Row, string Text)[writers * each];

        var writing = Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
            {
                var text = $"flow {i % keys}: {writer}.{i}";
                written[writer * each + i] = (await SaveAsync(writer % 2 == 0 ? first : second, text, explicitly: i % 2 == 0), text);
            }
        })));
        await Until.TrueAsync(() => Texts(consumer, "flow").Length > 20, "the first have arrived");
        line.Cut();
        await writing;
        line.Cut();

        await Until.TrueAsync(() => Texts(consumer, "flow").Distinct().Count() == written.Length, "all have arrived");
        for (var key = 0; key < keys; key++)
        {
            var committed = written.Where(x => x.Text.StartsWith($"flow {key}")).OrderBy(x => x.Row).Select(x => x.Text);
            Assert.Equal(committed, Texts(consumer, $"flow {key}").Distinct());
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Two_transactions_with_one_key_save_one_after_the_other(bool commits, bool explicitly)
    {
        await using var service = await BuildAsync();
        var key = $"turns {commits} {explicitly}";

        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await publisher.Publish(new NoteTaken(Guid.CreateVersion7(), $"{key}: first"));
            await db.SaveChangesAsync();
            var other = SaveAsync(service, $"{key} of another: first", explicitly);
            Assert.True(await other > 0);

            var second = SaveAsync(service, $"{key}: second", explicitly);
            await Until.TrueAsync(async () => second.IsCompleted || await WaitsForALockAsync(service), "the second waits");
            Assert.False(second.IsCompleted);

            if (commits)
                await transaction.CommitAsync();
            else
                await transaction.RollbackAsync();
            Assert.True(await second > 0);
        });

        var rows = await service.QueryAsync(db =>
            db.Set<OutboxMessage>().Where(x => x.OrderingKey == key).OrderBy(x => x.SequenceNumber).ToArrayAsync());
        Assert.Equal(commits ? 2 : 1, rows.Length);
        Assert.Contains("second", rows[^1].Body);
    }

    [Fact]
    public async Task In_one_transaction_a_key_of_the_application_goes_before_that_of_the_transaction()
    {
        await using var service = await BuildAsync();
        var note = new NoteTaken(Guid.CreateVersion7(), "mixed: by convention");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(note);
            await publisher.Publish(note with { Text = "mixed: by hand" }, x => x.SetOrderingKey("mixed by hand"));
            await publisher.Publish(note with { Text = "mixed: without" }, x => x.SetOrderingKey(null));
            await publisher.Publish(new NoteShredded(note.Id, "mixed: another type"));
            await publisher.Publish(note with { Text = "mixed: alone" }, x => x.KeepNoOrder());
            db.SaveChanges();
        });

        var keys = await service.QueryAsync(db => db.Set<OutboxMessage>().Where(x => x.Body.Contains("mixed: "))
            .OrderBy(x => x.SequenceNumber).Select(x => x.OrderingKey!).ToArrayAsync());
        Assert.Equal(["mixed", "mixed by hand"], keys[..2]);
        Assert.True(OutboxSession.IsTransactionKey(keys[2]));
        Assert.Equal(keys[2], keys[3]);
        Assert.Null(keys[4]);
    }

    [Fact]
    public async Task A_key_that_the_outbox_would_not_keep_is_refused_at_once()
    {
        await using var service = await BuildAsync();

        await service.InScopeAsync(async (_, publisher) =>
        {
            var note = new NoteTaken(Guid.CreateVersion7(), "refused");
            await Assert.ThrowsAsync<ArgumentException>(() => publisher.Publish(note, x => x.SetOrderingKey("tx:1")));
            await Assert.ThrowsAsync<ArgumentException>(() => publisher.Publish(note with { Text = $"{new string('x', 257)}:" }));
        });
    }

    [Fact]
    public async Task A_save_that_waits_in_vain_for_its_key_fails_whole_and_the_next_one_works()
    {
        await using var service = await BuildAsync();
        await using var holder = new NpgsqlConnection(database.ConnectionString);
        await holder.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using var locking = new NpgsqlCommand(
            """SELECT pg_advisory_xact_lock(hashtextextended('vain', '"OutboxMessage"'::regclass::oid::bigint))""", holder);
        await locking.ExecuteNonQueryAsync();
        var note = new Note { Text = "vain" };

        await service.InScopeAsync(async (db, publisher) =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("SET lock_timeout = '100ms'");
            db.Add(note);
            await publisher.Publish(new NoteTaken(note.Id, "vain: one"));
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => db.SaveChangesAsync());
            Assert.IsType<PostgresException>(refused.InnerException);
            Assert.False(await db.Notes.AsNoTracking().AnyAsync(x => x.Id == note.Id));
            await db.Database.CloseConnectionAsync();

            await transaction.RollbackAsync();
            await db.SaveChangesAsync();
            Assert.True(db.Database.AutoSavepointsEnabled);
        });

        Assert.True(await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.OrderingKey == "vain")));
    }

    [Fact]
    public async Task A_dead_message_holds_up_its_own_key_until_it_is_retried()
    {
        await using var service = await StartAsync(x => x.AddConsumer<TakenConsumer, TakenConsumerDefinition>(),
            "Outbox:MaxAttempts=2", "Outbox:RetryDelay=00:00:00.020", "Outbox:PollInterval=00:00:00.500");
        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(new NoteTaken(Guid.CreateVersion7(), "dead: head"));
            var row = db.ChangeTracker.Entries<OutboxMessage>().Single().Entity;
            (row.DestinationAddress, row.SourceAddress) = (null, row.DestinationAddress);
            await db.SaveChangesAsync();
        });
        await SaveAsync(service, "dead: behind it", explicitly: false);
        await Until.TrueAsync(() => RowAsync(service, "dead: head", x => x.Dead != null), "the head is dead");
        await SaveAsync(service, "living: another key", explicitly: false);
        await Until.TrueAsync(() => Texts(service, "living").Length == 1, "the other key flows");
        Assert.True(await RowAsync(service, "dead: behind it", x => x.LockId == null && x.Attempts == 0));
        Assert.Contains(service.Logs.At(LogLevel.Error), x => x.Contains("holds up") && x.Contains("ordering key dead"));

        await service.QueryAsync(db => db.Set<OutboxMessage>().Where(x => x.Body.Contains("dead: head")).ExecuteUpdateAsync(x => x
            .SetProperty(row => row.DestinationAddress, row => row.SourceAddress).SetProperty(row => row.Attempts, 0)
            .SetProperty(row => row.Dead, (DateTime?)null).SetProperty(row => row.NextAttempt, (DateTime?)null)));

        await Until.TrueAsync(() => Texts(service, "dead").Length == 2, "both have arrived");
        Assert.Equal(["dead: head", "dead: behind it"], Texts(service, "dead"));
    }

    [Fact]
    public async Task A_message_that_waits_for_its_queue_keeps_its_place_and_the_rest_flows()
    {
        await using var service = await StartAsync(x =>
            x.AddConsumer<TakenConsumer, TakenConsumerDefinition>(), "Outbox:UnroutableDelay=00:00:00.050");
        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(new NoteFiled(Guid.CreateVersion7(), "returned: head"), x => x.Mandatory = true);
            await publisher.Publish(new NoteTaken(Guid.CreateVersion7(), "returned: behind it"));
            await db.SaveChangesAsync();
        });
        await Until.TrueAsync(() => RowAsync(service, "returned: head", x => x.LastError != null), "the broker has returned it");
        await SaveAsync(service, "routed: another key", explicitly: false);
        await Until.TrueAsync(() => Texts(service, "routed").Length == 1, "the other key flows");
        Assert.Empty(Texts(service, "returned"));

        await using var listener = await StartAsync(x => x.AddConsumer<FiledConsumer>());

        await Until.TrueAsync(() => Texts(service, "returned").Length == 1, "the one behind it has arrived");
        await Until.TrueAsync(() => Texts(listener, "returned").Length == 1, "the head has arrived");
    }

    [Fact]
    public async Task What_a_consumer_publishes_has_its_key_too()
    {
        await using var service = await BuildAsync(x => x.AddConsumer<FilingConsumer, FilingConsumerDefinition>());
        await service.StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "filed by hand: 1");

        await service.Services.GetRequiredService<IBus>().Publish(taken);

        await Until.TrueAsync(() => RowAsync(service, "filed by hand", x => x.OrderingKey == "filed by hand"), "its row has the key");
    }

    private static Task<bool> WaitsForALockAsync(NotesService service) => service.QueryAsync(db =>
        db.Database.SqlQueryRaw<bool>(
            """SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted) AS "Value" """).SingleAsync());

    /// <summary>Saves a note and says so; the number of the message's row.</summary>
    private static async Task<long> SaveAsync(NotesService service, string text, bool explicitly)
    {
        var row = 0L;
        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = explicitly ? await db.Database.BeginTransactionAsync() : null;
            if (explicitly)
                db.Add(new Note { Text = text });
            await publisher.Publish(new NoteTaken(Guid.CreateVersion7(), text));
            var entry = db.ChangeTracker.Entries<OutboxMessage>().Single();
            await db.SaveChangesAsync();
            row = entry.Entity.SequenceNumber;
            if (transaction is not null)
                await transaction.CommitAsync();
        });

        return row;
    }

    private Task<NotesService> BuildAsync(Action<IBusRegistrationConfigurator>? bus = null, string? address = null, params string[] settings) =>
        NotesService.BuildAsync(database.ConnectionString, address ?? broker.ConnectionString, bus,
            outbox: x =>
            {
                x.OrderBy<NoteTaken>(note => note.Text.Split(':')[0]);
                x.OrderBy<NoteFiled>(note => note.Text.Split(':')[0]);
            },
            host: x => x.Configuration.AddInMemoryCollection(settings.Select(s => s.Split('=')).ToDictionary(s => s[0], s => (string?)s[1])));

    private Task<NotesService> StartAsync(string address, params string[] settings) => StartedAsync(BuildAsync(null, address, settings));

    private Task<NotesService> StartAsync(Action<IBusRegistrationConfigurator> bus, params string[] settings) =>
        StartedAsync(BuildAsync(bus, null, settings));

    private static async Task<NotesService> StartedAsync(Task<NotesService> building)
    {
        var service = await building;
        await service.StartAsync();

        return service;
    }

    private static Task<bool> RowAsync(
        NotesService service, string text, System.Linq.Expressions.Expression<Func<OutboxMessage, bool>> holds) =>
        service.QueryAsync(db => db.Set<OutboxMessage>().Where(x => x.Body.Contains(text)).AnyAsync(holds));

    private static string[] Texts(NotesService service, string prefix) =>
        [.. service.Services.GetRequiredService<Seen>().Of<Arrival>().Select(x => x.Text).Where(x => x.StartsWith(prefix))];

    private sealed record Arrival(string Text);

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(new Arrival(context.Message.Text));

            return Task.CompletedTask;
        }
    }

    private sealed class TakenConsumerDefinition : ConsumerDefinition<TakenConsumer>
    {
        // One at a time, so that the order of consumption is the order of arrival.
        public TakenConsumerDefinition() => ConcurrentMessageLimit = 1;
    }

    private sealed class FiledConsumer(Seen seen) : IConsumer<NoteFiled>
    {
        public Task Consume(ConsumeContext<NoteFiled> context)
        {
            seen.Add(new Arrival(context.Message.Text));

            return Task.CompletedTask;
        }
    }
}
