using System.Collections.Concurrent;
using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Inbox;
using Games.Outbox.Outages;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.Outbox;

/// <summary>What the inbox forgets, and that nobody waits for it.</summary>
public sealed class InboxCleanupTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    private static readonly TimeSpan Window = TimeSpan.FromDays(7);
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    [Fact]
    public async Task What_is_older_than_the_window_goes_in_small_sets_and_the_rest_stays()
    {
        await using var service = await BuildAsync();
        await service.QueryAsync(db => db.Set<InboxState>().ExecuteDeleteAsync());
        var (old, young) = (await InsertAsync(service, 25, Window + TimeSpan.FromMinutes(1)),
            await InsertAsync(service, 5, Window - TimeSpan.FromMinutes(1)));
        var store = Store(service, limit: 10);

        var deleted = new List<int>();
        while (await store.CleanUpAsync(TestContext.Current.CancellationToken) is > 0 and var some)
            deleted.Add(some);

        Assert.Equal([10, 10, 5], deleted);
        Assert.Equal(young, await LeftAsync(service, [.. old, .. young]));
    }

    [Fact]
    public async Task A_row_that_somebody_locks_is_passed_by_and_not_waited_for()
    {
        await using var service = await BuildAsync();
        var old = await InsertAsync(service, 3, Window + TimeSpan.FromMinutes(1));

        await service.InScopeAsync(async (db, _) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Database.ExecuteSqlAsync($"""SELECT 1 FROM "InboxState" WHERE "MessageId" = {old[1]} FOR UPDATE""");

            Assert.Equal(2, await Store(service, limit: 10).CleanUpAsync(TestContext.Current.CancellationToken));
        });

        Assert.Equal([old[1]], await LeftAsync(service, old));
    }

    [Fact]
    public async Task A_running_service_forgets_what_is_old_by_itself()
    {
        await using var service = await BuildAsync(("Outbox:CleanUpInterval", "00:00:00.100"));
        await service.StartAsync();

        var (old, young) = (await InsertAsync(service, 3, Window + TimeSpan.FromMinutes(1)), await InsertAsync(service, 1, TimeSpan.Zero));

        await Until.TrueAsync(async () => (await LeftAsync(service, old)).Length == 0, "what is old is gone");
        Assert.Equal(young, await LeftAsync(service, young));
    }

    [Fact]
    public async Task A_turn_deletes_set_after_set_with_pauses_and_the_next_comes_an_interval_later()
    {
        await using var service = await BuildAsync();
        await service.QueryAsync(db => db.Set<InboxState>().ExecuteDeleteAsync());
        var old = await InsertAsync(service, 25, Window + TimeSpan.FromMinutes(1));
        var time = new RecordedTime();
        using var cleanUp = CleanUp(service, time);
        await cleanUp.StartAsync(TestContext.Current.CancellationToken);

        await Until.TrueAsync(() => time.Waits.Length == 1, "it waits for its turn");
        time.Advance(time.Waits[0]);
        for (var set = 2; set <= 3; set++)
        {
            await Until.TrueAsync(() => time.Waits.Length == set, "a full set is deleted");
            Assert.Equal(25 - 10 * (set - 1), (await LeftAsync(service, old)).Length);
            time.Advance(time.Waits[^1]);
        }
        await Until.TrueAsync(() => time.Waits.Length == 4, "it waits for its next turn");

        Assert.Empty(await LeftAsync(service, old));
        Assert.All(time.Waits[1..3], wait => Assert.Equal(TimeSpan.FromMilliseconds(100), wait));
        Assert.All([time.Waits[0], time.Waits[3]], wait => Assert.InRange(wait, 0.8 * Interval, 1.2 * Interval));
        await cleanUp.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Replicas_that_start_together_have_their_turns_apart()
    {
        await using var service = await BuildAsync();
        var time = new RecordedTime();
        var replicas = Enumerable.Range(0, 20).Select(_ => CleanUp(service, time)).ToArray();

        foreach (var replica in replicas)
            await replica.StartAsync(TestContext.Current.CancellationToken);
        await Until.TrueAsync(() => time.Waits.Length == replicas.Length, "all wait for their turns");

        Assert.All(time.Waits, wait => Assert.InRange(wait, 0.8 * Interval, 1.2 * Interval));
        Assert.Contains(time.Waits, wait => wait < Interval);
        Assert.Contains(time.Waits, wait => wait > Interval);
        foreach (var replica in replicas)
        {
            await replica.StopAsync(TestContext.Current.CancellationToken);
            replica.Dispose();
        }
    }

    [Fact]
    public async Task A_turn_that_fails_says_why_and_the_next_one_deletes()
    {
        await using var service = await BuildAsync();
        var old = await InsertAsync(service, 3, Window + TimeSpan.FromMinutes(1));
        await service.QueryAsync(db => db.Database.ExecuteSqlRawAsync("""ALTER TABLE "InboxState" RENAME TO elsewhere"""));
        var time = new RecordedTime();
        using var cleanUp = CleanUp(service, time);
        await cleanUp.StartAsync(TestContext.Current.CancellationToken);

        await Until.TrueAsync(() => time.Waits.Length == 1, "it waits for its turn");
        time.Advance(time.Waits[0]);
        await Until.TrueAsync(() => time.Waits.Length == 2, "it waits for its next turn");
        Assert.Contains("InboxState", Assert.Single(service.Logs.At(LogLevel.Warning), line => line.Contains("the clean-up failed")));

        await service.QueryAsync(db => db.Database.ExecuteSqlRawAsync("""ALTER TABLE elsewhere RENAME TO "InboxState" """));
        time.Advance(time.Waits[1]);
        await Until.TrueAsync(async () => (await LeftAsync(service, old)).Length == 0, "what is old is gone");
        await cleanUp.StopAsync(TestContext.Current.CancellationToken);
    }

    private static InboxCleanupService<NotesDbContext> CleanUp(NotesService service, TimeProvider time) => new(
        Store(service, limit: 10), new(new OutboxOptions { CleanUpInterval = Interval, CleanUpLimit = 10 }),
        new(time, NullLogger<DatabaseOutage>.Instance), time,
        service.Services.GetRequiredService<ILogger<InboxCleanupService<NotesDbContext>>>());

    private Task<NotesService> BuildAsync(params (string Key, string Value)[] settings) => NotesService.BuildAsync(
        database.ConnectionString, broker.ConnectionString,
        host: x => x.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)));

    private static InboxStore<NotesDbContext> Store(NotesService service, int limit) => new(
        service.Services.GetRequiredService<OutboxDatabase<NotesDbContext>>(),
        new(new OutboxOptions { DuplicateDetectionWindow = Window, CleanUpLimit = limit }));

    private static async Task<Guid[]> InsertAsync(NotesService service, int count, TimeSpan age)
    {
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        await service.InScopeAsync((db, _) => db.Database.ExecuteSqlAsync($"""
            INSERT INTO "InboxState" ("MessageId", "ConsumerId", "LockId", "ReceiveCount", "Received", "Delivered")
            SELECT id, gen_random_uuid(), gen_random_uuid(), 1, now(), now() - {age} FROM unnest({ids}) id
            """));

        return ids;
    }

    private static Task<Guid[]> LeftAsync(NotesService service, Guid[] ids) =>
        service.QueryAsync(async db => ids.Intersect(await db.Set<InboxState>().Select(x => x.MessageId).ToListAsync()).ToArray());

    /// <summary>A clock that a test moves, and how long each wait on it is to be.</summary>
    private sealed class RecordedTime : FakeTimeProvider
    {
        private readonly ConcurrentQueue<TimeSpan> _waits = new();

        public TimeSpan[] Waits => [.. _waits];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _waits.Enqueue(dueTime);

            return timer;
        }
    }
}
