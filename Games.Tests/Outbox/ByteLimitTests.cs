using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>What the process holds is limited in bytes too, as they are in memory and not as PostgreSQL compresses them.</summary>
public sealed class ByteLimitTests(EmptyDatabase database, TestBroker broker) : OutboxRows(database), IClassFixture<TestBroker>
{
    private const int MiB = 1024 * 1024;

    private readonly EmptyDatabase _database = database;

    [Fact]
    public async Task A_claim_takes_as_many_as_fit_uncompressed_and_says_that_there_are_more()
    {
        var rows = await InsertAsync(20, Of(MiB));
        var store = Store(bytes: 4 * MiB + 1);

        var claimed = Numbers(await store.ClaimAsync(100, None));
        Assert.Equal(rows[..4], claimed);
        Assert.True(store.HasMore);

        while (store.HasMore)
            claimed = [.. claimed, .. Numbers(await store.ClaimAsync(100, None))];
        Assert.Equal(rows, claimed);
    }

    [Fact]
    public async Task A_message_that_is_larger_than_the_limit_is_claimed_alone()
    {
        var rows = await InsertAsync(3, Of(MiB));
        var store = Store(bytes: 1000);

        foreach (var row in rows)
            Assert.Equal([row], Numbers(await store.ClaimAsync(100, None)));
    }

    [Fact]
    public async Task The_bytes_are_shared_by_what_is_new_and_what_was_put_off()
    {
        var putOff = await InsertAsync(3, Of(MiB));
        var rows = await InsertAsync(3, Of(MiB));
        await SqlAsync($"""UPDATE "OutboxMessage" SET "NextAttempt" = now() WHERE "SequenceNumber" <= {putOff[^1]}""");

        Assert.Equal([putOff[0], putOff[1], rows[0], rows[1]], Numbers(await Store(bytes: 4 * MiB).ClaimAsync(100, None)));
    }

    [Fact]
    public async Task Rows_of_one_key_are_cut_at_the_end_and_nowhere_else()
    {
        var rows = await InsertAsync(6, x =>
        {
            Of(MiB)(x);
            x.OrderingKey = "key";
        });
        var store = Store(bytes: 4 * MiB);
        await SqlAsync($"""UPDATE "OutboxMessage" SET "NextAttempt" = now() WHERE "SequenceNumber" = {rows[0]}""");

        var claimed = Numbers(await store.ClaimAsync(100, None));

        Assert.Equal(rows[..claimed.Length], claimed);
        Assert.NotEmpty(claimed);
    }

    [Fact]
    public async Task However_many_wait_for_the_broker_the_process_holds_no_more_than_its_share_and_loses_none()
    {
        const int Count = 40;
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        await using var service = await NotesService.StartAsync(
            _database.ConnectionString, through, x => x.AddConsumer<TakenConsumer>(), host: x =>
            {
                x.Configuration["Outbox:ByteLimit"] = $"{MiB}";
                x.Configuration["Outbox:PublishTimeout"] = "00:01:00";
            });
        var first = await service.TakeNoteAsync();
        await Until.TrueAsync(() => Taken(service).Contains(first.Id), "the first has arrived");
        await service.FlowsAsync();

        line.Freeze();
        var notes = new List<Guid>();
        for (var i = 0; i < Count; i++)
        {
            notes.Add(Guid.CreateVersion7());
            await service.InScopeAsync(async (db, publisher) =>
            {
                await publisher.Publish(new NoteTaken(notes[^1], new('a', MiB / 4)));
                await db.SaveChangesAsync();
            });
        }
        await Until.TrueAsync(async () => await HeldAsync() >= MiB, "it has taken what it may");
        for (var i = 0; i < 50; i++)
            Assert.InRange(await HeldAsync(), MiB, 4 * MiB);

        line.Thaw();
        await Until.TrueAsync(() => notes.TrueForAll(Taken(service).Contains), "all have arrived");
        await Until.TrueAsync(() => QueryAsync(db => db.Set<OutboxMessage>().AllAsync(x => false)), "all rows are gone");
    }

    private static Action<OutboxMessage> Of(int size) => row => row.Body = new('a', size);

    private Task<long> HeldAsync() => QueryAsync(db => db.Database.SqlQuery<long>(
        $"""SELECT COALESCE(sum(octet_length("Body")), 0)::bigint AS "Value" FROM "OutboxMessage" WHERE "LockId" IS NOT NULL""").SingleAsync());

    private static Guid[] Taken(NotesService service) => service.Services.GetRequiredService<Seen>().Of<Guid>();

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context.Message.Id);

            return Task.CompletedTask;
        }
    }
}
