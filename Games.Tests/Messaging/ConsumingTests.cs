using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Games.Tests.Messaging;

public sealed partial class ConsumingTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
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

    private Task<NotesService> StartAsync(Action<HostApplicationBuilder>? host = null, bool pooled = false) => NotesService.StartAsync(
        database.ConnectionString, broker.ConnectionString,
        bus: x =>
        {
            x.AddConsumer<FileNoteConsumer, FileNoteConsumerDefinition>();
            x.AddConsumer<FiledConsumer>();
            x.AddConsumer<FaultConsumer>();
        },
        rabbitMq: (context, cfg) => cfg.ConnectReceiveObserver(new Settlements(context.GetRequiredService<Seen>())),
        host: x =>
        {
            x.Services.AddSingleton<Failures>();
            host?.Invoke(x);
        },
        pooled: pooled);

    /// <summary>The text of a note whose failure no retry handles.</summary>
    private const string Hopeless = "hopeless";

    private static NoteTaken NewNote()
    {
        var id = Guid.CreateVersion7();

        return new(id, $"note {id}");
    }

    private static Task PublishAsync(NotesService service, NoteTaken taken, Guid messageId) =>
        service.Services.GetRequiredService<IBus>().Publish(taken, x => x.MessageId = messageId);

    private static Task<Note[]> NotesAsync(NotesService service, NoteTaken taken) =>
        service.QueryAsync(db => db.Notes.Where(x => x.Id == taken.Id).ToArrayAsync());

    private static Attempt[] Attempts(NotesService service, NoteTaken taken) =>
        [.. service.Services.GetRequiredService<Seen>().Of<Attempt>().Where(x => x.NoteId == taken.Id)];

    private static Guid[] Filed(NotesService service) =>
        [.. service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteFiled>>().Select(x => x.Message.Id)];

    private static Guid[] Observed(NotesService service) =>
        [.. service.Services.GetRequiredService<Seen>().Of<Settled>().Select(x => x.MessageId)];

    private static Fault<NoteTaken>[] Faults(NotesService service) => service.Services.GetRequiredService<Seen>().Of<Fault<NoteTaken>>();

    private static string TypeName<T>() => TypeCache<T>.ShortName;

    /// <summary>A message through the whole of consumer, outbox and relay: what left before it has arrived as well.</summary>
    private static async Task FenceAsync(NotesService service)
    {
        var fence = NewNote();
        await PublishAsync(service, fence, NewId.NextGuid());
        await Until.TrueAsync(() => Filed(service).Contains(fence.Id), "the fence has arrived");
    }

    private sealed record Attempt(Guid NoteId, Guid? ConversationId);

    private sealed record Settled(Guid MessageId);

    private sealed class Failures
    {
        private readonly Dictionary<Guid, int> _planned = [];

        public void Plan(Guid id, int times)
        {
            lock (_planned)
                _planned[id] = times;
        }

        public void Swallow(Guid id) => Plan(id, times: -1);

        public bool Swallows(Guid id)
        {
            lock (_planned)
                return _planned.TryGetValue(id, out var times) && times == -1;
        }

        public bool Take(Guid id)
        {
            lock (_planned)
                return _planned.TryGetValue(id, out var times) && times > 0 && (_planned[id] = times - 1) >= 0;
        }
    }

    private sealed class FileNoteConsumer(NotesDbContext db, Seen seen, Failures failures) : IConsumer<NoteTaken>
    {
        public async Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(new Attempt(context.Message.Id, context.ConversationId));
            db.Add(new Note { Id = context.Message.Id, Text = context.Message.Text });
            await context.Publish(new NoteFiled(context.Message.Id, context.Message.Text));

            if (failures.Swallows(context.Message.Id))
            {
                await db.SaveChangesAsync(context.CancellationToken);
                await Assert.ThrowsAsync<PostgresException>(() => db.Database.ExecuteSqlRawAsync("SELECT 1 / 0"));
            }

            if (failures.Take(context.Message.Id))
            {
                await db.SaveChangesAsync(context.CancellationToken);
                throw context.Message.Text == Hopeless
                    ? new NotSupportedException("planned, and not tried again")
                    : new InvalidOperationException("planned");
            }
        }
    }

    private sealed class FileNoteConsumerDefinition : ConsumerDefinition<FileNoteConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<FileNoteConsumer> consumerConfigurator,
            IRegistrationContext context)
        {
            endpointConfigurator.UseMessageRetry(x => x.Intervals(10, 50, 100, 100, 100, 100, 100, 100).Ignore<NotSupportedException>());
            endpointConfigurator.UseEntityFrameworkOutbox<NotesDbContext>(context);
        }
    }

    private sealed class FiledConsumer(Seen seen) : IConsumer<NoteFiled>
    {
        public Task Consume(ConsumeContext<NoteFiled> context)
        {
            seen.Add(context);

            return Task.CompletedTask;
        }
    }

    private sealed class FaultConsumer(Seen seen) : IConsumer<Fault<NoteTaken>>
    {
        public Task Consume(ConsumeContext<Fault<NoteTaken>> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }
    }

    private sealed class Settlements(Seen seen) : IReceiveObserver
    {
        public Task PreReceive(ReceiveContext context) => Task.CompletedTask;
        public Task PostReceive(ReceiveContext context) => Task.CompletedTask;
        public Task ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;

        public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
            where T : class
        {
            if (context.MessageId is { } messageId)
                seen.Add(new Settled(messageId));

            return Task.CompletedTask;
        }

        public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
            where T : class
        {
            seen.Add(exception);

            return Task.CompletedTask;
        }
    }
}
