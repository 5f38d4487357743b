using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>
/// A message that begins its ordering key goes from memory, as one without a key; what has the key afterwards comes behind it. So does one beside
/// which others are scheduled.
/// </summary>
public sealed class FirstOfKeyTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task It_is_handed_over_and_what_follows_waits_for_it_in_the_table()
    {
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        await using var service = await StartAsync(through);
        await service.FlowsAsync();

        line.Freeze();
        await service.TakeNoteAsync("key: begun");
        await FileAsync(service, "key: followed");
        var leased = await service.QueryAsync(db => db.Set<OutboxMessage>()
            .Where(x => x.OrderingKey == "key").OrderBy(x => x.SequenceNumber).Select(x => x.LockId != null && x.LockedUntil == null).ToArrayAsync());
        // Leased by its insertion: a claim would say until when.
        Assert.Equal([true, false], leased);

        line.Thaw();
        var seen = service.Services.GetRequiredService<Seen>();
        await Until.TrueAsync(() => seen.Of<string>().Contains("key: followed"), "both have arrived");
        Assert.Equal(["key: begun", "key: followed"], seen.Of<string>().Where(x => x.StartsWith("key")).Distinct());
    }

    [Fact]
    public async Task What_is_scheduled_beside_one_from_memory_waits_in_the_table_and_leaves_at_its_time()
    {
        await using var service = await StartAsync(broker.ConnectionString, lookInterval: "01:00:00");
        var seen = service.Services.GetRequiredService<Seen>();
        await service.FlowsAsync();

        // The first finds a relay that has just begun and looks around; the second finds it at rest.
        foreach (var text in new[] { "scheduling: one", "scheduling: two" })
        {
            await using (var scope = service.Services.CreateAsyncScope())
            {
                // In no order, because the relay looks around when it has published one of a key, and finds all.
                await scope.ServiceProvider.GetRequiredService<IPublishEndpoint>()
                    .Publish(new NoteTaken(Guid.CreateVersion7(), text), message => message.KeepNoOrder());
                var scheduler = scope.ServiceProvider.GetRequiredService<IMessageScheduler>();
                await scheduler.SchedulePublish(TimeSpan.FromSeconds(2), new NoteFiled(Guid.CreateVersion7(), $"{text} later"));
                await scheduler.SchedulePublish(TimeSpan.FromDays(1), new NoteFiled(Guid.CreateVersion7(), $"{text} tomorrow"));
                await scope.ServiceProvider.GetRequiredService<NotesDbContext>().SaveChangesAsync();
            }

            await Until.TrueAsync(() => seen.Of<string>().Contains($"{text} later"), "what is due has arrived");
            await Until.TrueAsync(
                () => service.QueryAsync(async db => !await db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains($"{text} later"))),
                "its row is gone");
        }

        Assert.Equal(
            ["scheduling: one", "scheduling: one later", "scheduling: two", "scheduling: two later"],
            seen.Of<string>().Where(x => x.StartsWith("scheduling")));
        var waiting = await service.QueryAsync(db => db.Set<OutboxMessage>().Where(x => x.Body.Contains("tomorrow")).ToArrayAsync());
        Assert.Equal([null, null], waiting.Select(x => x.LockId));
    }

    private Task<NotesService> StartAsync(string through, string lookInterval = "00:00:10") => NotesService.StartAsync(
        database.ConnectionString, through, x => x.AddConsumer<Listener, ListenerDefinition>(),
        outbox =>
        {
            outbox.AddMessageScheduler();
            outbox.OrderBy<NoteTaken>(note => note.Text.Split(':')[0], begins: true);
            outbox.OrderBy<NoteFiled>(note => note.Text.Contains("scheduling") ? null : note.Text.Split(':')[0]);
        },
        host: x =>
        {
            // Nothing but the commit wakes the relay.
            x.Configuration["Outbox:PollInterval"] = lookInterval;
            x.Configuration["Outbox:KeepAliveInterval"] = lookInterval;
        });

    private static Task FileAsync(NotesService service, string text) => service.InScopeAsync(async (db, publisher) =>
    {
        await publisher.Publish(new NoteFiled(Guid.CreateVersion7(), text));
        await db.SaveChangesAsync();
    });

    private sealed class Listener(Seen seen) : IConsumer<NoteTaken>, IConsumer<NoteFiled>
    {
        public Task Consume(ConsumeContext<NoteTaken> context) => HearAsync(context.Message.Text);

        public Task Consume(ConsumeContext<NoteFiled> context) => HearAsync(context.Message.Text);

        private Task HearAsync(string text)
        {
            seen.Add(text);
            return Task.CompletedTask;
        }
    }

    private sealed class ListenerDefinition : ConsumerDefinition<Listener>
    {
        public ListenerDefinition() => ConcurrentMessageLimit = 1;
    }
}
