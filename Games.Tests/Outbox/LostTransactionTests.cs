using System.Data.Common;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>PostgreSQL has given a transaction up and somebody has swallowed the failure: its COMMIT must not pass for one.</summary>
public sealed class LostTransactionTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    private const string Cancelled = "a cancelled command";
    private const string LaterRow = "an error while a later row is read";
    private const string AdoNet = "a command of ADO.NET";
    private const string RolledBack = "a ROLLBACK";

    [Theory]
    [InlineData(Cancelled)]
    [InlineData(LaterRow)]
    [InlineData(AdoNet)]
    [InlineData(RolledBack)]
    public async Task A_consumer_alone_is_not_acknowledged_for_work_that_is_gone(string failure)
    {
        await using var service = await StartAsync(together: 1);
        var taken = new NoteTaken(Guid.CreateVersion7(), failure);

        await PublishAsync(service, taken);

        await Until.TrueAsync(() => Faults(service).Contains(taken.Id), "it has faulted");
        Assert.False(await HasInboxRowAsync(service, taken));
        Assert.DoesNotContain(taken.Id, Filed(service));
    }

    [Theory]
    [InlineData(Cancelled)]
    [InlineData(LaterRow)]
    [InlineData(AdoNet)]
    [InlineData(RolledBack)]
    public async Task In_a_shared_transaction_it_takes_nothing_from_the_others(string failure)
    {
        await using var service = await StartAsync(together: 16);
        var notes = Enumerable.Range(0, 40).Select(i => Guid.CreateVersion7()).Select(x => new NoteTaken(x, $"note {x}")).ToArray();
        notes[7] = notes[7] with { Text = failure };
        var others = notes.Where(x => x != notes[7]).ToArray();

        await Task.WhenAll(notes.Select(x => PublishAsync(service, x)));

        await Until.TrueAsync(() => Faults(service).Contains(notes[7].Id), "the one has faulted");
        await Until.TrueAsync(() => others.All(x => Filed(service).Contains(x.Id)), "the others have had their effect");
        Assert.Equal(others.Length, await service.QueryAsync(db => db.Notes.CountAsync(x => others.Select(o => o.Id).Contains(x.Id))));
        Assert.False(await HasInboxRowAsync(service, notes[7]));
    }

    [Theory]
    [InlineData(Cancelled, true)]
    [InlineData(LaterRow, true)]
    [InlineData(AdoNet, true)]
    [InlineData(AdoNet, false)]
    [InlineData(RolledBack, true)]
    public async Task The_commit_of_an_application_fails(string failure, bool async)
    {
        await using var service = await StartAsync(together: 1);
        var taken = new NoteTaken(Guid.CreateVersion7(), $"{failure} {async}");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(new Note { Id = taken.Id, Text = taken.Text });
            await publisher.Publish(taken);
            await db.SaveChangesAsync();
            await FailAsync(db, failure);

            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                if (async)
                    await transaction.CommitAsync();
                else
                    transaction.Commit();
            });
        });

        Assert.False(await service.QueryAsync(db => db.Notes.AnyAsync(x => x.Id == taken.Id)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_transaction_that_a_savepoint_has_saved_commits(bool async)
    {
        await using var service = await StartAsync(together: 1);
        var note = new Note { Text = $"saved by a savepoint {async}" };

        await service.InScopeAsync(async (db, _) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(note);
            await db.SaveChangesAsync();
            await transaction.CreateSavepointAsync("before");
            await FailAsync(db, AdoNet);
            await transaction.RollbackToSavepointAsync("before");

            if (async)
                await transaction.CommitAsync();
            else
                transaction.Commit();
            Assert.Null(db.Database.CurrentTransaction);
        });

        Assert.True(await service.QueryAsync(db => db.Notes.AnyAsync(x => x.Id == note.Id)));
    }

    private Task<NotesService> StartAsync(int together) => NotesService.StartAsync(
        database.ConnectionString, broker.ConnectionString,
        bus: x =>
        {
            x.AddConsumer<SwallowingConsumer, SwallowingConsumerDefinition>();
            x.AddConsumer<SeeingConsumer>();
        },
        host: x => x.Configuration["Outbox:ConsumeTogether"] = $"{together}",
        pooled: true);

    private static Task PublishAsync(NotesService service, NoteTaken taken) =>
        service.Services.GetRequiredService<IBus>().Publish(taken, x => x.MessageId = taken.Id);

    private static Guid[] Faults(NotesService service) =>
        [.. service.Services.GetRequiredService<Seen>().Of<Fault<NoteTaken>>().Select(x => x.Message.Id)];

    private static Guid[] Filed(NotesService service) =>
        [.. service.Services.GetRequiredService<Seen>().Of<NoteFiled>().Select(x => x.Id)];

    private static Task<bool> HasInboxRowAsync(NotesService service, NoteTaken taken) =>
        service.QueryAsync(db => db.Set<InboxState>().AnyAsync(x => x.MessageId == taken.Id));

    /// <summary>Makes the transaction fail, and says nothing of it.</summary>
    private static async Task FailAsync(NotesDbContext db, string failure)
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        try
        {
            switch (failure)
            {
                case Cancelled:
                    await db.Database.ExecuteSqlRawAsync("SELECT pg_sleep(30)", soon.Token);
                    break;
                case LaterRow:
                    await db.Database.SqlQueryRaw<int>("""SELECT 10 / (2 - i) AS "Value" FROM generate_series(1, 3) i""").ToListAsync();
                    break;
                case AdoNet or RolledBack:
                    await using (var command = db.Database.GetDbConnection().CreateCommand())
                    {
                        command.CommandText = failure == AdoNet ? "SELECT 1 / 0" : "ROLLBACK";
                        command.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
                        await command.ExecuteNonQueryAsync();
                    }

                    break;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or DbException)
        {
        }
    }

    private sealed class SwallowingConsumer(NotesDbContext db) : IConsumer<NoteTaken>
    {
        public async Task Consume(ConsumeContext<NoteTaken> context)
        {
            db.Add(new Note { Id = context.Message.Id, Text = context.Message.Text });
            await context.Publish(new NoteFiled(context.Message.Id, context.Message.Text));
            await db.SaveChangesAsync(context.CancellationToken);
            await FailAsync(db, context.Message.Text);
        }
    }

    private sealed class SwallowingConsumerDefinition : ConsumerDefinition<SwallowingConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<SwallowingConsumer> consumer, IRegistrationContext context) =>
            endpoint.UseEntityFrameworkOutbox<NotesDbContext>(context);
    }

    private sealed class SeeingConsumer(Seen seen) : IConsumer<NoteFiled>, IConsumer<Fault<NoteTaken>>
    {
        public Task Consume(ConsumeContext<NoteFiled> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }

        public Task Consume(ConsumeContext<Fault<NoteTaken>> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }
    }
}
