using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Outbox;

/// <summary>What the published package does otherwise.</summary>
public class OwnPublishingTests(EmptyDatabase database, TestBroker broker) : PublishingScenarios(database, broker)
{
    [Fact]
    public async Task After_a_failed_save_and_a_cleared_tracker_only_the_new_message_leaves()
    {
        await using var service = await StartAsync();
        await service.TakeNoteAsync("taken before");
        var failed = new NoteTaken(Guid.CreateVersion7(), "taken before");
        var second = new NoteTaken(Guid.CreateVersion7(), "second try");

        await service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(new Note { Id = failed.Id, Text = failed.Text });
            await publisher.Publish(failed);
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());

            db.ChangeTracker.Clear();
            db.Add(new Note { Id = second.Id, Text = second.Text });
            await publisher.Publish(second);
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(second), "the second message has arrived");
        await AssertNothingOfAsync(service, failed);
    }

    [Fact]
    public async Task A_transaction_that_only_the_connection_knows_is_not_run_ahead_of()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "in a raw transaction");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            await publisher.Publish(taken);
            await db.SaveChangesAsync();
            await FenceAsync(service);
            await db.Database.ExecuteSqlRawAsync("ROLLBACK");
        });

        await AssertNothingOfAsync(service, taken);
    }

    [Fact]
    public async Task A_transaction_that_two_contexts_share_publishes_at_its_commit_by_either()
    {
        await using var service = await StartAsync(outbox: x => x.QueryDelay = TimeSpan.FromHours(1),
            host: x => x.Configuration["Outbox:KeepAliveInterval"] = "01:00:00");

        // More than one, so that a look that happened to come by cannot pass for a wake-up.
        for (var i = 0; i < 3; i++)
        {
            var taken = new NoteTaken(Guid.CreateVersion7(), $"in another's transaction {i}");
            await service.InScopeAsync(async (owner, _) =>
            {
                await using var transaction = await owner.Database.BeginTransactionAsync();
                await service.InScopeAsync(async (guest, publisher) =>
                {
                    guest.Database.SetDbConnection(owner.Database.GetDbConnection());
                    await guest.Database.UseTransactionAsync(transaction.GetDbTransaction());
                    await publisher.Publish(taken);
                    await guest.SaveChangesAsync();
                });

                await transaction.CommitAsync();
            });

            await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived", TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public async Task A_publish_without_a_save_is_named_in_a_warning()
    {
        await using var service = await StartAsync();

        await service.InScopeAsync((_, publisher) => publisher.Publish(new NoteTaken(Guid.CreateVersion7(), "forgotten")));

        Assert.Contains(service.Logs.At(LogLevel.Warning), x => x.Contains("NoteTaken") && x.Contains("SaveChanges"));
    }
}
