using System.Diagnostics;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Messaging;

public class PublishingTests(EmptyDatabase database, TestBroker broker) : PublishingScenarios(database, broker)
{
    [Fact]
    public async Task Nothing_reaches_the_broker_before_the_commit_and_the_message_does_after_it()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "patience");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(taken);
            await FenceAsync(service);
            Assert.DoesNotContain(taken, Taken(service));

            await db.SaveChangesAsync();
            await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
        });

        var received = service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteTaken>>().Single(x => x.Message == taken);
        Assert.NotNull(received.MessageId);
        Assert.NotNull(received.ConversationId);
        Assert.NotNull(received.SourceAddress);
        Assert.EndsWith("NoteTaken", received.DestinationAddress!.AbsolutePath, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_that_commits_later_publishes_then()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "later");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await publisher.Publish(taken);
            await db.SaveChangesAsync();
            await FenceAsync(service);
            Assert.DoesNotContain(taken, Taken(service));

            await transaction.CommitAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
    }

    [Fact]
    public async Task A_transaction_rolled_back_leaves_no_row_and_no_message()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "never");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(new Note { Id = taken.Id, Text = taken.Text });
            await publisher.Publish(taken);
            await db.SaveChangesAsync();
            await transaction.RollbackAsync();
        });

        await AssertNothingOfAsync(service, taken);
    }

    [Fact]
    public async Task A_savepoint_rolled_back_takes_its_messages_with_it()
    {
        await using var service = await StartAsync();
        var kept = new NoteTaken(Guid.CreateVersion7(), "kept");
        var undone = new NoteTaken(Guid.CreateVersion7(), "undone");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await publisher.Publish(kept);
            await db.SaveChangesAsync();
            await transaction.CreateSavepointAsync("before");
            await publisher.Publish(undone);
            await db.SaveChangesAsync();
            await transaction.RollbackToSavepointAsync("before");
            await transaction.CommitAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(kept), "the kept message has arrived");
        await AssertNothingOfAsync(service, undone);
    }

    [Fact]
    public async Task An_exception_after_the_publish_leaves_no_row_and_no_message()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "thrown");

        await Assert.ThrowsAsync<InvalidOperationException>(() => service.InScopeAsync(async (_, publisher) =>
        {
            await publisher.Publish(taken);
            throw new InvalidOperationException("after the publish");
        }));

        await AssertNothingOfAsync(service, taken);
    }

    [Fact]
    public async Task A_violated_constraint_leaves_no_row_and_no_message()
    {
        await using var service = await StartAsync();
        await service.TakeNoteAsync("unique");
        var again = new NoteTaken(Guid.CreateVersion7(), "unique");

        await Assert.ThrowsAsync<DbUpdateException>(() => service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(new Note { Id = again.Id, Text = again.Text });
            await publisher.Publish(again);
            await db.SaveChangesAsync();
        }));

        await AssertNothingOfAsync(service, again);
    }

    [Fact]
    public async Task Publishes_of_one_transaction_arrive_in_their_order()
    {
        await using var service = await StartAsync();
        var notes = Enumerable.Range(0, 200).Select(x => new NoteTaken(Guid.CreateVersion7(), $"ordered {x}")).ToArray();

        await service.InScopeAsync(async (db, publisher) =>
        {
            foreach (var note in notes)
                await publisher.Publish(note);
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Taken(service).Intersect(notes).Count() == notes.Length, "all messages have arrived");
        Assert.Equal(notes, Taken(service).Where(notes.Contains));
    }

    [Fact]
    public async Task A_message_nobody_takes_does_not_hold_up_the_rest_of_its_transaction()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "behind an unroutable one");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(new NoteShredded(Guid.CreateVersion7(), "nobody listens"));
            await publisher.Publish(taken);
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
    }

    [Fact]
    public async Task Two_saves_in_one_scope_give_two_messages_each_once()
    {
        await using var service = await StartAsync();
        var first = new NoteTaken(Guid.CreateVersion7(), "first");
        var second = new NoteTaken(Guid.CreateVersion7(), "second");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(first);
            await db.SaveChangesAsync();
            await Until.TrueAsync(() => Taken(service).Contains(first), "the first has arrived before the second is published");

            await publisher.Publish(second);
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(second), "the second has arrived");
        await FenceAsync(service);
        Assert.Equal([first, second], Taken(service).Where(x => x == first || x == second));
    }

    [Fact]
    public async Task A_message_leaves_at_once_however_rarely_the_table_is_polled()
    {
        await using var service = await StartAsync(outbox: x => x.QueryDelay = TimeSpan.FromHours(1));

        var taken = await service.TakeNoteAsync();

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task While_the_bus_is_not_started_rows_wait()
    {
        await using var service = await BuildAsync();

        var taken = await service.TakeNoteAsync();
        Assert.True(await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains(taken.Text))));

        await service.StartAsync();
        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
    }

    [Fact]
    public async Task A_publish_with_a_save_is_no_warning()
    {
        await using var service = await StartAsync();

        await service.TakeNoteAsync();

        Assert.DoesNotContain(service.Logs.At(LogLevel.Warning), x => x.Contains("SaveChanges"));
    }

    [Fact]
    public async Task The_bus_itself_publishes_at_once_and_past_the_outbox()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "about no row");

        await service.Services.GetRequiredService<IBus>().Publish(taken);

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
        Assert.False(await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains("about no row"))));
    }

    [Fact]
    public async Task What_was_delivered_leaves_no_row()
    {
        await using var service = await StartAsync();

        var taken = await service.TakeNoteAsync();

        await Until.TrueAsync(
            async () => !await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains(taken.Text))), "the row is gone");
        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
    }
}
