using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Inbox;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>What the inbox forgets, and that nobody waits for it.</summary>
public sealed class InboxCleanupTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    private static readonly TimeSpan Window = TimeSpan.FromDays(7);

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
}
