using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

public sealed class OrderedClaimingTests(EmptyDatabase database) : OutboxRows(database)
{
    [Fact]
    public async Task Rows_of_one_key_are_never_leased_to_two_relays()
    {
        var rows = await InsertAsync(10, x => x.OrderingKey = "game 1");
        var first = Store();
        var second = Store();
        var head = Numbers(await first.ClaimAsync(4, None));
        Assert.Equal(rows.Take(4), head);

        Assert.Empty(await second.ClaimAsync(10, None));

        await first.DeleteAsync([.. head], None);
        Assert.Equal(rows.Skip(4), Numbers(await second.ClaimAsync(10, None)));
    }

    [Fact]
    public async Task A_row_that_waits_holds_back_its_own_key_and_no_other()
    {
        var blocked = await InsertAsync(3, x => x.OrderingKey = "game 1");
        var store = Store();
        await store.ClaimAsync(1, None);
        await store.FailAsync(blocked[0], "refused", 1, TimeSpan.FromMinutes(1), None);
        var free = await InsertAsync(3, x => x.OrderingKey = "game 2");

        Assert.Equal(free, Numbers(await store.ClaimAsync(10, None)));
    }

    [Fact]
    public async Task A_head_that_somebody_locks_for_a_moment_is_not_overtaken()
    {
        var rows = await InsertAsync(3, x => x.OrderingKey = "game 1");
        var late = Store(lease: TimeSpan.FromSeconds(1));
        await late.ClaimAsync(1, None);
        await Until.TrueAsync(async () => await Store().PeekLaterAsync(None) is null, "its lease is over");

        await WithDbAsync(async db =>
        {
            await using var renewal = await db.Database.BeginTransactionAsync();
            await db.Database.ExecuteSqlAsync($"""SELECT 1 FROM "OutboxMessage" WHERE "SequenceNumber" = {rows[0]} FOR UPDATE""");
            Assert.Empty(await Store().ClaimAsync(10, None));
        });

        Assert.Equal(rows, Numbers(await Store().ClaimAsync(10, None)));
    }

    [Fact]
    public async Task A_message_for_later_joins_the_line_of_its_key_when_it_is_due()
    {
        var later = (await InsertAsync(1, x =>
        {
            x.OrderingKey = "game 1";
            x.NextAttempt = x.EnqueueTime = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1);
        })).Single();
        var next = (await InsertAsync(1, x => x.OrderingKey = "game 1")).Single();
        var store = Store();
        Assert.Equal([next], Numbers(await store.ClaimAsync(10, None)));
        await store.ReleaseAsync([next], None);

        await WithDbAsync(db => db.Set<OutboxMessage>().Where(x => x.SequenceNumber == later).ExecuteUpdateAsync(x => x
            .SetProperty(row => row.NextAttempt, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1))
            .SetProperty(row => row.EnqueueTime, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1))));

        Assert.Equal([later], Numbers(await store.ClaimAsync(10, None)));
        await store.DeleteAsync([later], None);
        Assert.Equal([next], Numbers(await store.ClaimAsync(10, None)));
    }

    [Fact]
    public async Task Rows_that_wait_for_the_head_of_their_key_do_not_hide_when_another_is_due()
    {
        var rows = await InsertAsync(2, x => x.OrderingKey = "game 1");
        var store = Store();
        await store.ClaimAsync(1, None);
        await store.FailAsync(rows[0], "refused", 1, TimeSpan.FromMinutes(1), None);

        Assert.True(await store.PeekAsync(None) <= TimeSpan.Zero);
        Assert.InRange((await store.PeekLaterAsync(None))!.Value, TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(60));
    }
}
