using System.Diagnostics;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Messaging;

public partial class PublishingTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task Nothing_reaches_the_broker_before_the_commit_and_the_message_does_after_it()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "patience");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(taken);
            await FenceAsync(service);
            Assert.DoesNotContain(taken, Taken(service));

            await db.SaveChangesAsync();
            await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
        });

        var received = service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteTaken>>().Single(x => x.Message == taken);
        Assert.NotNull(received.MessageId);
        Assert.NotNull(received.ConversationId);
        Assert.NotNull(received.SourceAddress);
        Assert.EndsWith("NoteTaken", received.DestinationAddress!.AbsolutePath, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_that_commits_later_publishes_then()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "later");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await publisher.Publish(taken);
            await db.SaveChangesAsync();
            await FenceAsync(service);
            Assert.DoesNotContain(taken, Taken(service));

            await transaction.CommitAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
    }

    [Fact]
    public async Task A_transaction_rolled_back_leaves_no_row_and_no_message()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "never");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(new Note { Id = taken.Id, Text = taken.Text });
            await publisher.Publish(taken);
            await db.SaveChangesAsync();
            await transaction.RollbackAsync();
        });

        await AssertNothingOfAsync(service, taken);
    }

    [Fact]
    public async Task A_savepoint_rolled_back_takes_its_messages_with_it()
    {
        await using var service = await StartAsync();
        var kept = new NoteTaken(Guid.CreateVersion7(), "kept");
        var undone = new NoteTaken(Guid.CreateVersion7(), "undone");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await publisher.Publish(kept);
            await db.SaveChangesAsync();
            await transaction.CreateSavepointAsync("before");
            await publisher.Publish(undone);
            await db.SaveChangesAsync();
            await transaction.RollbackToSavepointAsync("before");
            await transaction.CommitAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(kept), "the kept message has arrived");
        await AssertNothingOfAsync(service, undone);
    }

    [Fact]
    public async Task An_exception_after_the_publish_leaves_no_row_and_no_message()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "thrown");

        await Assert.ThrowsAsync<InvalidOperationException>(() => service.InScopeAsync(async (_, publisher) =>
        {
            await publisher.Publish(taken);
            throw new InvalidOperationException("after the publish");
        }));

        await AssertNothingOfAsync(service, taken);
    }

    [Fact]
    public async Task A_violated_constraint_leaves_no_row_and_no_message()
    {
        await using var service = await StartAsync();
        await service.TakeNoteAsync("unique");
        var again = new NoteTaken(Guid.CreateVersion7(), "unique");

        await Assert.ThrowsAsync<DbUpdateException>(() => service.InScopeAsync(async (db, publisher) =>
        {
            db.Add(new Note { Id = again.Id, Text = again.Text });
            await publisher.Publish(again);
            await db.SaveChangesAsync();
        }));

        await AssertNothingOfAsync(service, again);
    }

    [Fact]
    public async Task Publishes_of_one_transaction_arrive_in_their_order()
    {
        await using var service = await StartAsync();
        var notes = Enumerable.Range(0, 200).Select(x => new NoteTaken(Guid.CreateVersion7(), $"ordered {x}")).ToArray();

        await service.InScopeAsync(async (db, publisher) =>
        {
            foreach (var note in notes)
                await publisher.Publish(note);
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Taken(service).Intersect(notes).Count() == notes.Length, "all messages have arrived");
        Assert.Equal(notes, Taken(service).Where(notes.Contains));
    }

    [Fact]
    public async Task A_message_nobody_takes_does_not_hold_up_the_rest_of_its_transaction()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "behind an unroutable one");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(new NoteShredded(Guid.CreateVersion7(), "nobody listens"));
            await publisher.Publish(taken);
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
    }

    [Fact]
    public async Task Two_saves_in_one_scope_give_two_messages_each_once()
    {
        await using var service = await StartAsync();
        var first = new NoteTaken(Guid.CreateVersion7(), "first");
        var second = new NoteTaken(Guid.CreateVersion7(), "second");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(first);
            await db.SaveChangesAsync();
            await Until.TrueAsync(() => Taken(service).Contains(first), "the first has arrived before the second is published");

            await publisher.Publish(second);
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(second), "the second has arrived");
        await FenceAsync(service);
        Assert.Equal([first, second], Taken(service).Where(x => x == first || x == second));
    }

    [Fact]
    public async Task Headers_correlation_id_and_baggage_arrive()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "MassTransit" or nameof(PublishingTests),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource(nameof(PublishingTests));
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "with luggage");
        var correlationId = Guid.CreateVersion7();
        string traceId;

        using (var activity = source.StartActivity("request")!)
        {
            traceId = activity.TraceId.ToHexString();
            activity.AddBaggage("suitcase", "full of cash");
            await service.InScopeAsync(async (db, publisher) =>
            {
                await publisher.Publish(taken, x =>
                {
                    x.CorrelationId = correlationId;
                    x.Headers.Set("colour", "blue");
                    x.Headers.Set("number", 42);
                });
                await db.SaveChangesAsync();
            });
        }

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
        var seen = service.Services.GetRequiredService<Seen>();
        var received = seen.Of<ConsumeContext<NoteTaken>>().Single(x => x.Message == taken);
        Assert.Equal("blue", received.Headers.Get<string>("colour"));
        Assert.Equal(42, received.Headers.Get<int>("number"));
        Assert.Equal(correlationId, received.CorrelationId);
        await Until.TrueAsync(() => seen.Of<Trace>().Any(x => x.NoteId == taken.Id), "its trace is noted");
        var trace = seen.Of<Trace>().Single(x => x.NoteId == taken.Id);
        Assert.Equal("full of cash", trace.Suitcase);
        Assert.Equal(traceId, trace.TraceId);
    }

    [Fact]
    public async Task Headers_survive_a_raw_serializer()
    {
        await using var service = await StartAsync(rabbitMq: (_, cfg) => cfg.UseRawJsonSerializer());
        var taken = new NoteTaken(Guid.CreateVersion7(), "raw");

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(taken, x => x.Headers.Set("colour", "blue"));
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
        var received = service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteTaken>>().Single(x => x.Message == taken);
        Assert.Equal("blue", received.Headers.Get<string>("colour"));
        Assert.NotNull(received.MessageId);
    }

    [Fact]
    public async Task A_message_leaves_at_once_however_rarely_the_table_is_polled()
    {
        await using var service = await StartAsync(outbox: x => x.QueryDelay = TimeSpan.FromHours(1));

        var taken = await service.TakeNoteAsync();

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task While_the_bus_is_not_started_rows_wait()
    {
        await using var service = await NotesService.BuildAsync(database.ConnectionString, broker.ConnectionString,
            bus: x => x.AddConsumer<TakenConsumer, TakenConsumerDefinition>(),
            host: x => x.Configuration.AddInMemoryCollection(Settings));

        var taken = await service.TakeNoteAsync();
        Assert.True(await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains(taken.Text))));

        await service.StartAsync();
        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
    }

    [Fact]
    public async Task A_publish_with_a_save_is_no_warning()
    {
        await using var service = await StartAsync();

        await service.TakeNoteAsync();

        Assert.DoesNotContain(service.Logs.At(LogLevel.Warning), x => x.Contains("SaveChanges"));
    }

    [Fact]
    public async Task The_bus_itself_publishes_at_once_and_past_the_outbox()
    {
        await using var service = await StartAsync();
        var taken = new NoteTaken(Guid.CreateVersion7(), "about no row");

        await service.Services.GetRequiredService<IBus>().Publish(taken);

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
        Assert.False(await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains("about no row"))));
    }

    [Fact]
    public async Task What_was_delivered_leaves_no_row()
    {
        await using var service = await StartAsync();

        var taken = await service.TakeNoteAsync();

        await Until.TrueAsync(
            async () => !await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains(taken.Text))), "the row is gone");
        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
    }

    [Fact]
    public async Task Scoped_filters_run_in_the_scope_that_publishes()
    {
        await using var service = await StartAsync(
            rabbitMq: (context, cfg) => cfg.UsePublishFilter(typeof(TenantFilter<>), context),
            host: x => x.Services.AddScoped<Tenant>());
        var taken = new NoteTaken(Guid.CreateVersion7(), "of a tenant");

        await using (var scope = service.Services.CreateAsyncScope())
        {
            scope.ServiceProvider.GetRequiredService<Tenant>().Name = "guild 7";
            await scope.ServiceProvider.GetRequiredService<IPublishEndpoint>().Publish(taken);
            await scope.ServiceProvider.GetRequiredService<NotesDbContext>().SaveChangesAsync();
        }

        await Until.TrueAsync(() => Taken(service).Contains(taken), "the message has arrived");
        var received = service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteTaken>>().Single(x => x.Message == taken);
        Assert.Equal("guild 7", received.Headers.Get<string>("tenant"));
    }

    /// <summary>Settings of the service under test, for a subclass that sends everything down another way.</summary>
    protected virtual IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>();

    private async Task<NotesService> StartAsync(
        Action<IEntityFrameworkOutboxConfigurator>? outbox = null, Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator>? rabbitMq = null,
        Action<HostApplicationBuilder>? host = null)
    {
        var service = await NotesService.StartAsync(
            database.ConnectionString, broker.ConnectionString, x => x.AddConsumer<TakenConsumer, TakenConsumerDefinition>(), outbox, rabbitMq,
            x =>
            {
                x.Configuration.AddInMemoryCollection(Settings);
                host?.Invoke(x);
            });

        // Until messages flow every row takes the way through the table; a test of a start is one that says so.
        var first = await service.TakeNoteAsync();
        await Until.TrueAsync(() => Taken(service).Contains(first), "messages flow");

        return service;
    }

    private static NoteTaken[] Taken(NotesService service) =>
        [.. service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteTaken>>().Select(x => x.Message)];

    /// <summary>A message past the outbox, awaited: what left before it has arrived as well.</summary>
    private static async Task FenceAsync(NotesService service)
    {
        var fence = new NoteTaken(Guid.CreateVersion7(), "fence");
        await service.Services.GetRequiredService<IBus>().Publish(fence);
        await Until.TrueAsync(() => Taken(service).Contains(fence), "the fence has arrived");
    }

    private static async Task AssertNothingOfAsync(NotesService service, NoteTaken taken)
    {
        // A later message through the outbox, so that the relay has had its turn; then a fence.
        var later = await service.TakeNoteAsync();
        await Until.TrueAsync(() => Taken(service).Contains(later), "a later message has arrived");
        await FenceAsync(service);

        Assert.DoesNotContain(taken, Taken(service));
        Assert.False(await service.QueryAsync(db => db.Notes.AnyAsync(x => x.Id == taken.Id)));
        Assert.False(await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains(taken.Id.ToString()))));
    }

    private sealed record Trace(Guid NoteId, string? Suitcase, string TraceId);

    private sealed class Tenant
    {
        public string? Name { get; set; }
    }

    private sealed class TenantFilter<T>(Tenant tenant) : IFilter<PublishContext<T>>
        where T : class
    {
        public Task Send(PublishContext<T> context, IPipe<PublishContext<T>> next)
        {
            if (tenant.Name is not null)
                context.Headers.Set("tenant", tenant.Name);

            return next.Send(context);
        }

        public void Probe(ProbeContext context)
        {
        }
    }

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context);
            if (Activity.Current is { } activity)
                seen.Add(new Trace(context.Message.Id, activity.GetBaggageItem("suitcase"), activity.TraceId.ToHexString()));

            return Task.CompletedTask;
        }
    }

    private sealed class TakenConsumerDefinition : ConsumerDefinition<TakenConsumer>
    {
        // One at a time, so that the order of consumption is the order of arrival.
        public TakenConsumerDefinition() => ConcurrentMessageLimit = 1;
    }
}
