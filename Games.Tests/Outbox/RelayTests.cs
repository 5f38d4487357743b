using Games.Outbox;
using Games.Outbox.Relay;
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

public sealed class RelayTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task What_a_dead_process_held_is_published_after_its_lease()
    {
        await using (var process = await BuildAsync())
        {
            await process.TakeNoteAsync("left behind");
            await process.QueryAsync(db => db.Set<OutboxMessage>().ExecuteUpdateAsync(x => x.SetProperty(row => row.LockId, Guid.CreateVersion7())));
        }

        await using var heir = await StartAsync(("Outbox:Lease", "00:00:01"));

        await Until.TrueAsync(() => Texts(heir).Contains("left behind"), "the heir has published it");
        await Until.TrueAsync(() => IsGoneAsync(heir, "left behind"), "its row is gone");
    }

    [Fact]
    public async Task A_message_that_is_refused_steps_aside_dies_in_the_end_and_the_rest_flows()
    {
        await using var service = await StartAsync(("Outbox:MaxAttempts", "3"), ("Outbox:RetryDelay", "00:00:00.020"));
        await InsertAsync(service, NoDestination("poison"));
        var healthy = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => service.TakeNoteAsync()));

        await Until.TrueAsync(() => healthy.All(x => Texts(service).Contains(x.Text)), "the rest has arrived");
        await Until.TrueAsync(() => RowAsync(service, "poison", x => x.Dead != null), "the poison is dead");

        Assert.True(await RowAsync(service, "poison", x => x.Attempts == 3 && x.LastError!.Contains("destination")));
        Assert.Contains(service.Logs.At(LogLevel.Error), x => x.Contains("dead after 3 attempts"));
    }

    [Fact]
    public async Task When_messages_flow_again_one_that_is_due_and_one_that_is_new_both_leave()
    {
        await using (var process = await BuildAsync())
        {
            await process.TakeNoteAsync("due again");
            await process.TakeNoteAsync("new");
            await process.QueryAsync(db => db.Set<OutboxMessage>().Where(x => x.Body.Contains("due again"))
                .ExecuteUpdateAsync(x => x.SetProperty(row => row.NextAttempt, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1))));
        }

        await using var service = await StartAsync();

        await Until.TrueAsync(() => Texts(service).Contains("due again") && Texts(service).Contains("new"), "both have arrived");
    }

    [Fact]
    public async Task A_process_told_not_to_deliver_leaves_rows_to_others()
    {
        await using var silent = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString,
            outbox: x => x.UseBusOutbox(bus => bus.DisableDeliveryService()));
        var taken = await silent.TakeNoteAsync();
        Assert.True(await RowAsync(silent, taken.Text, x => x.LockId == null));

        await using var other = await StartAsync();

        await Until.TrueAsync(() => Texts(other).Contains(taken.Text), "another has published it");
    }

    [Fact]
    public async Task A_backlog_flows_off_in_batches_past_a_poison_in_front_with_nothing_lost_or_doubled()
    {
        const int Backlog = 10_000;
        await using (var process = await BuildAsync())
        {
            await InsertAsync(process, NoDestination("in front"));
            await process.TakeNoteAsync("backlog");
            await MultiplyAsync("backlog", Backlog);
        }

        await using var service = await StartAsync();

        // Each thousand has its time.
        for (var arrived = 1_000; arrived <= Backlog; arrived += 1_000)
            await Until.TrueAsync(() => Messages(service, "backlog").Length >= arrived, $"{arrived} have arrived");
        await Until.TrueAsync(() => IsGoneAsync(service, "backlog"), "its rows are gone");
        Assert.Equal(Backlog, Messages(service, "backlog").Select(x => x.MessageId).Distinct().Count());
        Assert.Equal(Backlog, Messages(service, "backlog").Length);
        Assert.True(await RowAsync(service, "in front", x => x.Attempts > 0));
    }

    [Fact]
    public async Task Nothing_is_claimed_of_a_broker_that_no_message_was_tried_on()
    {
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        await using var service = await NotesService.StartAsync(database.ConnectionString, through,
            host: x => x.Configuration["Outbox:PublishTimeout"] = "00:00:01");
        await service.FlowsAsync();
        var first = await service.TakeNoteAsync();
        await Until.TrueAsync(() => IsGoneAsync(service, first.Text), "its row is gone");
        var said = Flows();

        line.Freeze();
        var taken = await service.TakeNoteAsync("into the silence");
        await Until.TrueAsync(() => service.Logs.At(LogLevel.Warning).Any(x => x.Contains("The broker is not available")), "it is noticed");
        // As if another process had sent it, so that nothing is left to try.
        await service.QueryAsync(db => db.Database.ExecuteSqlAsync($"""DELETE FROM "OutboxMessage" WHERE "MessageId" IS NOT NULL"""));
        var relay = service.Services.GetRequiredService<OutboxRelay<NotesDbContext>>();
        await Until.TrueAsync(() => relay.Accepts, "what comes is to be tried at once");

        Assert.Equal(said, Flows());
        line.Thaw();

        int Flows() => service.Logs.At(LogLevel.Information).Count(x => x.Contains("messages flow"));
    }

    [Fact]
    public async Task Messages_flow_again_only_when_one_of_them_is_confirmed()
    {
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        await using var service = await NotesService.StartAsync(database.ConnectionString, through, x => x.AddConsumer<TakenConsumer>(),
            host: x => x.Configuration["Outbox:PublishTimeout"] = "00:00:01");
        var first = await service.TakeNoteAsync();
        // The first may be the one that is tried alone: its confirm must not be lost in the silence. And a second is short on a busy machine.
        await Until.TrueAsync(async () => await IsGoneAsync(service, first.Text) && Flows() == Outages() + 1, "messages flow");
        var (flows, outages) = (Flows(), Outages());

        // Connected, and silent: the bus goes on to say that the broker is there.
        line.Freeze();
        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => service.TakeNoteAsync($"into the silence {i}")));
        await Until.TrueAsync(() => Outages() > outages, "the silence is noticed");
        await Until.TrueAsync(async () => await FreeAsync(service) >= taken.Length - 1, "what was on its way is given back");
        Assert.Equal(flows, Flows());

        line.Thaw();
        await Until.TrueAsync(() => IsGoneAsync(service, "into the silence"), "their rows are gone");
        Assert.All(taken, x => Assert.Contains(service.Services.GetRequiredService<Seen>().Of<Received>(), seen => seen.Text == x.Text));

        int Flows() => service.Logs.At(LogLevel.Information).Count(x => x.Contains("messages flow"));
        int Outages() => service.Logs.At(LogLevel.Warning).Count(x => x.Contains("The broker is not available"));
    }

    [Fact]
    public async Task Two_replicas_share_a_backlog_and_relay_no_row_twice()
    {
        await using (var process = await BuildAsync())
        {
            await process.TakeNoteAsync("two replicas");
            await MultiplyAsync("two replicas", 1000);
        }

        await using var first = await BuildAsync();
        await using var second = await BuildAsync();
        await Task.WhenAll(first.StartAsync(), second.StartAsync());

        await Until.TrueAsync(() => IsGoneAsync(first, "two replicas"), "its rows are gone");
        await Until.TrueAsync(() => Messages(first, "two replicas").Length + Messages(second, "two replicas").Length >= 1000, "all have arrived");
        Assert.Equal(1000, Messages(first, "two replicas").Concat(Messages(second, "two replicas")).Select(x => x.MessageId).Distinct().Count());
        Assert.Equal(1000, Messages(first, "two replicas").Length + Messages(second, "two replicas").Length);
    }

    private Task<NotesService> BuildAsync(params (string Key, string Value)[] settings) => NotesService.BuildAsync(
        database.ConnectionString, broker.ConnectionString, x => x.AddConsumer<TakenConsumer>(),
        host: x => x.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)));

    private async Task<NotesService> StartAsync(params (string Key, string Value)[] settings)
    {
        var service = await BuildAsync(settings);
        await service.StartAsync();

        return service;
    }

    private static OutboxMessage NoDestination(string body) => new()
    {
        MessageId = Guid.CreateVersion7(),
        SentTime = TimeProvider.System.GetUtcNow().UtcDateTime,
        ContentType = "application/json",
        MessageType = "urn:message:Nobody",
        Body = $$"""{"text":"{{body}}"}"""
    };

    private static Task InsertAsync(NotesService service, OutboxMessage row) => service.InScopeAsync((db, _) =>
    {
        db.Add(row);

        return db.SaveChangesAsync();
    });

    /// <summary>Makes one waiting row into many, each a message of its own.</summary>
    private async Task MultiplyAsync(string text, int count)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"""
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "SourceAddress", "DestinationAddress")
            SELECT id, "SentTime", "ContentType", "MessageType", replace("Body", "MessageId"::text, id::text), "SourceAddress", "DestinationAddress"
            FROM (SELECT *, gen_random_uuid() AS id FROM "OutboxMessage", generate_series(2, {count}) WHERE "Body" LIKE '%{text}%') copies
            """, connection);
        Assert.Equal(count - 1, await command.ExecuteNonQueryAsync());
    }

    private static async Task<bool> IsGoneAsync(NotesService service, string text) => !await RowAsync(service, text, x => true);

    private static Task<bool> RowAsync(
        NotesService service, string text, System.Linq.Expressions.Expression<Func<OutboxMessage, bool>> holds) =>
        service.QueryAsync(db => db.Set<OutboxMessage>().Where(x => x.Body.Contains(text)).AnyAsync(holds));

    private static Task<int> FreeAsync(NotesService service) =>
        service.QueryAsync(db => db.Set<OutboxMessage>().CountAsync(x => x.Body.Contains("into the silence") && x.LockId == null));

    private static Received[] Messages(NotesService service, string text) =>
        [.. service.Services.GetRequiredService<Seen>().Of<Received>().Where(x => x.Text == text)];

    private static string[] Texts(NotesService service) => [.. service.Services.GetRequiredService<Seen>().Of<Received>().Select(x => x.Text)];

    private sealed record Received(Guid? MessageId, string Text);

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(new Received(context.MessageId, context.Message.Text));

            return Task.CompletedTask;
        }
    }
}
