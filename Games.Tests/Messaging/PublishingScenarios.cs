using System.Diagnostics;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.Tests.Messaging;

/// <summary>A service that publishes notes through the outbox and consumes them.</summary>
public abstract class PublishingScenarios(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    /// <summary>Settings of the service under test, for a subclass that sends everything down another way.</summary>
    protected virtual IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>();

    protected async Task<NotesService> StartAsync(
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

    protected Task<NotesService> BuildAsync() => NotesService.BuildAsync(
        database.ConnectionString, broker.ConnectionString,
        bus: x => x.AddConsumer<TakenConsumer, TakenConsumerDefinition>(),
        host: x => x.Configuration.AddInMemoryCollection(Settings));

    protected static NoteTaken[] Taken(NotesService service) =>
        [.. service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteTaken>>().Select(x => x.Message)];

    /// <summary>A message past the outbox, awaited: what left before it has arrived as well.</summary>
    protected static async Task FenceAsync(NotesService service)
    {
        var fence = new NoteTaken(Guid.CreateVersion7(), "fence");
        await service.Services.GetRequiredService<IBus>().Publish(fence);
        await Until.TrueAsync(() => Taken(service).Contains(fence), "the fence has arrived");
    }

    protected static async Task AssertNothingOfAsync(NotesService service, NoteTaken taken)
    {
        // A later message through the outbox, so that the relay has had its turn; then a fence.
        var later = await service.TakeNoteAsync();
        await Until.TrueAsync(() => Taken(service).Contains(later), "a later message has arrived");
        await FenceAsync(service);

        Assert.DoesNotContain(taken, Taken(service));
        Assert.False(await service.QueryAsync(db => db.Notes.AnyAsync(x => x.Id == taken.Id)));
        Assert.False(await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Body.Contains(taken.Id.ToString()))));
    }

    protected sealed record Trace(Guid NoteId, string? Suitcase, string TraceId);

    protected sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context);
            if (Activity.Current is { } activity)
                seen.Add(new Trace(context.Message.Id, activity.GetBaggageItem("suitcase"), activity.TraceId.ToHexString()));

            return Task.CompletedTask;
        }
    }

    protected sealed class TakenConsumerDefinition : ConsumerDefinition<TakenConsumer>
    {
        // One at a time, so that the order of consumption is the order of arrival.
        public TakenConsumerDefinition() => ConcurrentMessageLimit = 1;
    }
}
