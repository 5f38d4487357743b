using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.Scheduling;
using Microsoft.EntityFrameworkCore;

namespace Games.Tests.Outbox;

/// <summary>The row has what its publisher gave the message: another process may publish it, days later.</summary>
public sealed class StoredMessageTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task Ids_and_addresses_are_those_that_were_given()
    {
        var ids = Enumerable.Range(0, 5).Select(_ => Guid.CreateVersion7()).ToArray();
        Uri response = new("rabbitmq://localhost/answers"), fault = new("rabbitmq://localhost/faults");

        var row = await PublishedAsync(x =>
        {
            (x.MessageId, x.CorrelationId, x.ConversationId, x.InitiatorId, x.RequestId) = (ids[0], ids[1], ids[2], ids[3], ids[4]);
            (x.ResponseAddress, x.FaultAddress) = (response, fault);
        });

        Assert.Equal(
            ids.Select(x => (Guid?)x), new[] { row.MessageId, row.CorrelationId, row.ConversationId, row.InitiatorId, row.RequestId });
        Assert.Equal((response, fault), (row.ResponseAddress, row.FaultAddress));
        Assert.EndsWith(nameof(NoteTaken), row.DestinationAddress!.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("urn:message:", row.MessageType, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_was_sent_when_it_was_published_whatever_kind_of_id_it_has_and_lives_from_then()
    {
        var before = TimeProvider.System.GetUtcNow().UtcDateTime;

        var row = await PublishedAsync(x => (x.MessageId, x.TimeToLive) = (Guid.CreateVersion7(), TimeSpan.FromHours(1)));

        Assert.InRange(row.SentTime, before.AddMilliseconds(-1), TimeProvider.System.GetUtcNow().UtcDateTime);
        Assert.Equal(row.SentTime.AddHours(1), row.ExpirationTime);
        Assert.Null(row.EnqueueTime);
    }

    [Fact]
    public async Task What_leaves_later_lives_from_then()
    {
        var row = await PublishedAsync(x => (x.Delay, x.TimeToLive) = (TimeSpan.FromHours(2), TimeSpan.FromHours(1)));

        Assert.Equal(row.Created.AddHours(2), row.EnqueueTime!.Value, TimeSpan.FromMinutes(1));
        Assert.Equal(row.EnqueueTime, row.NextAttempt);
        Assert.Equal(row.EnqueueTime!.Value.AddHours(1), row.ExpirationTime);
    }

    [Fact]
    public async Task A_scheduled_message_leaves_at_the_time_that_was_given_and_not_after_a_delay()
    {
        await using var service = await NotesService.BuildAsync(
            database.ConnectionString, broker.ConnectionString, outbox: x => x.AddMessageScheduler());
        DateTime due = new(2040, 1, 1, 20, 0, 0, DateTimeKind.Utc);
        Guid token = default;

        await service.ScheduledAsync(async (db, scheduler) =>
        {
            var scheduled = await scheduler.SchedulePublish(
                due, new NoteTaken(Guid.CreateVersion7(), "in 2040"),
                Pipe.Execute<SendContext<NoteTaken>>(x => x.TimeToLive = TimeSpan.FromHours(1)));
            Assert.Equal(due, scheduled.ScheduledTime);
            token = scheduled.TokenId;
            await db.SaveChangesAsync();
        });

        var row = await service.QueryAsync(db => db.Set<OutboxMessage>().SingleAsync(x => x.SchedulingToken == token));
        Assert.Equal((due, due, due.AddHours(1)), (row.EnqueueTime, row.NextAttempt, row.ExpirationTime));
    }

    [Fact]
    public async Task A_type_may_say_by_which_token_its_messages_are_cancelled()
    {
        ScheduleTokenId.UseTokenId<Reminder>(x => x.Token);
        await using var service = await NotesService.BuildAsync(
            database.ConnectionString, broker.ConnectionString, outbox: x => x.AddMessageScheduler());
        var (token, none) = (Guid.CreateVersion7(), Guid.Empty);

        await service.ScheduledAsync(async (db, scheduler) =>
        {
            await scheduler.SchedulePublish(SchedulingScopes.Tomorrow, new Reminder(token));
            none = (await scheduler.SchedulePublish(SchedulingScopes.Tomorrow, new Reminder(none))).TokenId;
            await db.SaveChangesAsync();
        });

        Assert.True(await service.IsScheduledAsync(token));
        Assert.NotEqual(Guid.Empty, none);
        Assert.True(await service.IsScheduledAsync(none));
    }

    private async Task<OutboxMessage> PublishedAsync(Action<SendContext> change)
    {
        await using var service = await NotesService.BuildAsync(database.ConnectionString, broker.ConnectionString);
        var taken = new NoteTaken(Guid.CreateVersion7(), $"stored {Guid.NewGuid():N}");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(taken, x => change(x));
            await db.SaveChangesAsync();
        });

        return await service.QueryAsync(db => db.Set<OutboxMessage>().SingleAsync(x => x.Body.Contains(taken.Text)));
    }

    private sealed record Reminder(Guid Token);
}
