using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

public sealed class ClaimingTests(EmptyDatabase database) : OutboxRows(database)
{
    [Fact]
    public async Task Many_relays_claiming_at_once_get_each_row_once()
    {
        var rows = await InsertAsync(2000);
        var claimed = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(ClaimAllAsync)));

        Assert.Equal(rows, claimed.SelectMany(x => x).Order());

        async Task<List<long>> ClaimAllAsync()
        {
            var store = Store();
            var mine = new List<long>();
            while (await store.ClaimAsync(50, None) is { Count: > 0 } batch)
                mine.AddRange(batch.Select(x => x.SequenceNumber));

            return mine;
        }
    }

    [Fact]
    public async Task A_claim_takes_the_oldest_rows_in_order_with_everything_they_hold()
    {
        var rows = await InsertAsync(30, x => x.Headers = """{"colour":"blue"}""");

        var claimed = await Store().ClaimAsync(10, None);

        Assert.Equal(rows.Take(10), claimed.Select(x => x.SequenceNumber));
        var stored = await QueryAsync(db => db.Set<OutboxMessage>().SingleAsync(x => x.SequenceNumber == rows[0]));
        Assert.Equal(stored.MessageId, claimed[0].MessageId);
        Assert.Equal(stored.Body, System.Text.Encoding.UTF8.GetString(claimed[0].BodyBytes!));
        Assert.Equal(stored.Headers, claimed[0].Headers);
        Assert.Equal(stored.DestinationAddress, claimed[0].DestinationAddress);
    }

    [Fact]
    public async Task A_leased_row_is_nobody_elses_until_its_lease_is_over()
    {
        var rows = await InsertAsync(1);
        var dead = Store(lease: TimeSpan.FromSeconds(1));
        Assert.Equal(rows, Numbers(await dead.ClaimAsync(10, None)));

        var other = Store();
        Assert.Empty(await other.ClaimAsync(10, None));
        Assert.InRange((await other.PeekAsync(None))!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));

        await Until.TrueAsync(async () => Numbers(await other.ClaimAsync(10, None)).SequenceEqual(rows), "the lease is over and the row taken");
    }

    [Fact]
    public async Task A_renewed_lease_keeps_the_row()
    {
        var rows = await InsertAsync(1);
        var slow = Store(lease: TimeSpan.FromSeconds(1));
        await slow.ClaimAsync(10, None);
        var renewer = Store(lease: TimeSpan.FromHours(1), owner: slow);

        Assert.Equal(rows, await renewer.RenewAsync(rows, None));

        var left = (await Store().PeekAsync(None))!.Value;
        Assert.InRange(left, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));
    }

    [Fact]
    public async Task A_late_finisher_cannot_touch_what_another_has_leased()
    {
        var rows = await InsertAsync(1);
        var late = Store(lease: TimeSpan.FromSeconds(1));
        await late.ClaimAsync(10, None);
        var owner = Store();
        await Until.TrueAsync(async () => (await owner.ClaimAsync(10, None)).Count == 1, "another has taken the row");

        Assert.Equal(0, await late.DeleteAsync(rows, None));
        Assert.Equal(0, await late.ReleaseAsync(rows, None));
        Assert.Empty(await late.RenewAsync(rows, None));
        Assert.Equal(0, await late.FailAsync(rows[0], "late", 1, TimeSpan.Zero, None));
        Assert.Equal(1, await owner.DeleteAsync(rows, None));
    }

    [Fact]
    public async Task A_released_row_is_free_at_once()
    {
        var rows = await InsertAsync(3);
        var first = Store();
        await first.ClaimAsync(10, None);

        await first.ReleaseAsync(rows, None);

        Assert.Equal(rows, Numbers(await Store().ClaimAsync(10, None)));
    }

    [Fact]
    public async Task A_failed_row_waits_for_its_next_attempt_and_a_dead_one_for_ever()
    {
        var rows = await InsertAsync(2);
        var store = Store();
        await store.ClaimAsync(10, None);

        await store.FailAsync(rows[0], "refused", 1, TimeSpan.FromMinutes(1), None);
        await store.FailAsync(rows[1], "hopeless", 1, null, None);

        Assert.Empty(await Store().ClaimAsync(10, None));
        Assert.InRange((await store.PeekAsync(None))!.Value, TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(60));
        var stored = await QueryAsync(db => db.Set<OutboxMessage>().OrderBy(x => x.SequenceNumber).ToArrayAsync());
        Assert.Equal(["refused", "hopeless"], stored.Select(x => x.LastError));
        Assert.All(stored, x => Assert.Equal(1, x.Attempts));
        Assert.Null(stored[0].Dead);
        Assert.NotNull(stored[1].Dead);
    }

    [Fact]
    public async Task A_failed_row_is_claimed_again_when_it_is_due()
    {
        var rows = await InsertAsync(1);
        var store = Store();
        await store.ClaimAsync(10, None);
        await store.FailAsync(rows[0], "refused", 1, TimeSpan.FromMilliseconds(50), None);

        await Until.TrueAsync(async () => Numbers(await store.ClaimAsync(10, None)).SequenceEqual(rows), "it is due and claimed");
    }

    [Fact]
    public async Task A_row_inserted_as_leased_is_free_after_one_lease_of_whoever_asks()
    {
        var rows = await InsertAsync(1, x => x.LockId = Guid.CreateVersion7());

        Assert.Empty(await Store(lease: TimeSpan.FromMinutes(1)).ClaimAsync(10, None));

        var impatient = Store(lease: TimeSpan.FromSeconds(1));
        await Until.TrueAsync(async () => Numbers(await impatient.ClaimAsync(10, None)).SequenceEqual(rows), "its lease is over and it is taken");
    }

    [Fact]
    public async Task A_row_that_an_earlier_version_kept_after_its_publish_is_nobodys_to_claim()
    {
        var rows = await InsertAsync(2, x => x.OrderingKey = "kept");
        await SqlAsync($"""UPDATE "OutboxMessage" SET "Relayed" = now(), "NextAttempt" = 'infinity' WHERE "SequenceNumber" = {rows[0]}""");

        Assert.Equal(rows[1..], Numbers(await Store().ClaimAsync(10, None)));
        Assert.Equal((1, 0), ((await Inspection.SummariseAsync(None)).Pending.Rows, (await Inspection.SummariseAsync(None)).Dead.Rows));
    }

    [Fact]
    public async Task What_the_published_package_has_scheduled_waits_for_its_time_and_holds_up_nobody()
    {
        var scheduled = await InsertAsync(150, x => x.EnqueueTime = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1));
        var soon = await InsertAsync(1, x => x.EnqueueTime = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(2));
        var rows = await InsertAsync(10);
        var (store, claimed) = (Store(), new List<long>());

        do
            claimed.AddRange(Numbers(await store.ClaimAsync(100, None)));
        while (store.HasMore);

        Assert.Equal(rows, claimed);
        Assert.Equal(scheduled.Length + soon.Length, (await Inspection.SummariseAsync(None)).Scheduled.Rows);
        Assert.InRange((await store.PeekAsync(None))!.Value, TimeSpan.FromMilliseconds(-2000), TimeSpan.FromSeconds(2));
        await Until.TrueAsync(async () => Numbers(await store.ClaimAsync(100, None)).SequenceEqual(soon), "it is due and claimed");
    }

    [Fact]
    public async Task With_nothing_in_the_table_there_is_nothing_to_wait_for()
    {
        Assert.Null(await Store().PeekAsync(None));

        await InsertAsync(1);
        Assert.True(await Store().PeekAsync(None) <= TimeSpan.Zero);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(-10)]
    public async Task Clocks_that_are_minutes_apart_neither_end_a_lease_nor_prolong_it(int minutes)
    {
        var rows = await InsertAsync(2);
        var skewed = new SkewedTime(TimeSpan.FromMinutes(minutes));
        var (ours, theirs) = (Store(), Store(lease: TimeSpan.FromSeconds(1), time: skewed));
        Assert.Equal(rows[..1], Numbers(await ours.ClaimAsync(1, None)));

        Assert.Equal(rows[1..], Numbers(await theirs.ClaimAsync(10, None)));
        await theirs.FailAsync(rows[1], "refused", 1, TimeSpan.FromSeconds(1), None);

        await Until.TrueAsync(async () =>
            Numbers(await ours.ClaimAsync(10, None)).SequenceEqual(rows[1..]), "the failed row is due by the database's clock");
        Assert.Empty(await theirs.ClaimAsync(10, None));
    }

    private sealed class SkewedTime(TimeSpan skew) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + skew;
    }
}
