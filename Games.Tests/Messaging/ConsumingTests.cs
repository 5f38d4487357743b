using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Games.Tests.Messaging;

public sealed class ConsumingTests(EmptyDatabase database, TestBroker broker) : ConsumingScenarios(database, broker)
{
    [Fact]
    public async Task The_same_message_three_times_at_once_has_its_effect_once()
    {
        await using var service = await StartAsync();
        var taken = NewNote();
        var messageId = NewId.NextGuid();

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => PublishAsync(service, taken, messageId)));

        await Until.TrueAsync(() => Observed(service).Count(x => x == messageId) == 3, "all three deliveries are settled");
        await Until.TrueAsync(() => Filed(service).Contains(taken.Id), "the event of its effect has arrived");
        await FenceAsync(service);
        Assert.Single(Attempts(service, taken));
        Assert.Single(await NotesAsync(service, taken));
        Assert.Single(Filed(service), x => x == taken.Id);
    }

    [Fact]
    public async Task A_repeat_long_after_has_no_effect_and_is_not_moved_aside()
    {
        await using var service = await StartAsync();
        var taken = NewNote();
        var messageId = NewId.NextGuid();
        await PublishAsync(service, taken, messageId);
        await Until.TrueAsync(() => Filed(service).Contains(taken.Id), "the first has had its effect");

        await PublishAsync(service, taken, messageId);

        await Until.TrueAsync(() => Observed(service).Count(x => x == messageId) == 2, "the repeat is settled");
        Assert.Single(Attempts(service, taken));
        Assert.Single(await NotesAsync(service, taken));
        Assert.Single(Filed(service), x => x == taken.Id);
    }

    [Fact]
    public async Task A_consumer_that_fails_twice_has_its_effect_once_and_failed_attempts_send_nothing()
    {
        await using var service = await StartAsync();
        var taken = NewNote();
        service.Services.GetRequiredService<Failures>().Plan(taken.Id, times: 2);

        await PublishAsync(service, taken, NewId.NextGuid());

        await Until.TrueAsync(() => Filed(service).Contains(taken.Id), "the third attempt has had its effect");
        await FenceAsync(service);
        Assert.Equal(3, Attempts(service, taken).Length);
        Assert.Single(await NotesAsync(service, taken));
        Assert.Single(Filed(service), x => x == taken.Id);
    }

    [Fact]
    public async Task A_consumer_that_always_fails_faults_and_has_no_effect()
    {
        await using var service = await StartAsync();
        var taken = NewNote();
        service.Services.GetRequiredService<Failures>().Plan(taken.Id, times: int.MaxValue);

        await PublishAsync(service, taken, NewId.NextGuid());

        await Until.TrueAsync(() => Faults(service).Any(x => x.Message == taken), "the fault has arrived");
        await FenceAsync(service);
        Assert.Empty(await NotesAsync(service, taken));
        Assert.DoesNotContain(taken.Id, Filed(service));
    }

    [Fact]
    public async Task A_constraint_that_fails_at_the_final_save_faults_with_the_typed_exception()
    {
        await using var service = await StartAsync();
        var first = NewNote();
        await PublishAsync(service, first, NewId.NextGuid());
        await Until.TrueAsync(() => Filed(service).Contains(first.Id), "the first has had its effect");

        var second = first with { Id = Guid.CreateVersion7() };
        await PublishAsync(service, second, NewId.NextGuid());

        await Until.TrueAsync(() => Faults(service).Any(x => x.Message == second), "the fault has arrived");
        Assert.Contains(Faults(service).Single(x => x.Message == second).Exceptions, x => x.ExceptionType == TypeName<DbUpdateException>());
        // The observer hears of it after the fault was sent, which may have arrived before.
        await Until.TrueAsync(() => service.Services.GetRequiredService<Seen>().Of<DbUpdateException>()
            .Any(x => x.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation }), "the exception is the typed one");
    }

    [Fact]
    public async Task A_consumer_that_swallows_a_failed_statement_is_not_acknowledged_for_work_that_is_gone()
    {
        await using var service = await StartAsync();
        var taken = NewNote();
        service.Services.GetRequiredService<Failures>().Swallow(taken.Id);

        await PublishAsync(service, taken, NewId.NextGuid());

        await Until.TrueAsync(() => Faults(service).Any(x => x.Message == taken), "the fault has arrived");
        await FenceAsync(service);
        Assert.Empty(await NotesAsync(service, taken));
        Assert.DoesNotContain(taken.Id, Filed(service));
    }

    [Fact]
    public async Task The_inbox_row_says_who_consumed_what_and_when()
    {
        await using var service = await StartAsync();
        var taken = NewNote();
        var messageId = NewId.NextGuid();

        await PublishAsync(service, taken, messageId);

        await Until.TrueAsync(() => Filed(service).Contains(taken.Id), "it has had its effect");
        var inbox = await service.QueryAsync(db => db.Set<InboxState>().SingleAsync(x => x.MessageId == messageId));
        Assert.NotEqual(Guid.Empty, inbox.ConsumerId);
        Assert.NotNull(inbox.Consumed);
        Assert.NotNull(inbox.Delivered);
        Assert.InRange(
            inbox.Received, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-5), TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(5));
    }

    [Fact]
    public async Task What_a_consumer_publishes_belongs_to_the_conversation_of_what_it_consumes()
    {
        await using var service = await StartAsync();
        var taken = NewNote();

        await PublishAsync(service, taken, NewId.NextGuid());

        await Until.TrueAsync(() => Filed(service).Contains(taken.Id), "the event of its effect has arrived");
        var seen = service.Services.GetRequiredService<Seen>();
        var conversation = seen.Of<Attempt>().Single(x => x.NoteId == taken.Id).ConversationId;
        var filed = seen.Of<ConsumeContext<NoteFiled>>().Single(x => x.Message.Id == taken.Id);
        Assert.NotNull(conversation);
        Assert.Equal(conversation, filed.ConversationId);
    }
}
