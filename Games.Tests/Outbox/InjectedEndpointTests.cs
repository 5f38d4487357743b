using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Outbox;

/// <summary>A consumer that publishes through the IPublishEndpoint of its constructor instead of its context.</summary>
public sealed class InjectedEndpointTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_it_publishes_belongs_to_the_conversation_of_what_it_consumes(bool inbox)
    {
        await using var service = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString, x =>
        {
            x.AddConsumer<TakenConsumer>().Endpoint(e => e.Name = $"injected-{inbox}");
            x.AddConsumer<FiledConsumer>().Endpoint(e => e.Name = $"filed-{inbox}");
            if (inbox)
                x.AddConfigureEndpointsCallback((context, _, endpoint) => endpoint.UseEntityFrameworkOutbox<NotesDbContext>(context));
        });
        var (taken, conversation) = (new NoteTaken(Guid.CreateVersion7(), "injected"), Guid.CreateVersion7());

        await service.Services.GetRequiredService<IBus>().Publish(taken, x => (x.ConversationId, x.CorrelationId) = (conversation, taken.Id));

        await Until.TrueAsync(() => Filed(service).Length == 1, "it has arrived");
        Assert.Equal(new Arrival(conversation, taken.Id), Filed(service).Single());
    }

    private static Arrival[] Filed(NotesService service) => service.Services.GetRequiredService<Seen>().Of<Arrival>();

    private sealed record Arrival(Guid? Conversation, Guid? Initiator);

    private sealed class TakenConsumer(NotesDbContext db, IPublishEndpoint publisher) : IConsumer<NoteTaken>
    {
        public async Task Consume(ConsumeContext<NoteTaken> context)
        {
            await publisher.Publish(new NoteFiled(context.Message.Id, context.Message.Text));
            await db.SaveChangesAsync(context.CancellationToken);
        }
    }

    private sealed class FiledConsumer(Seen seen) : IConsumer<NoteFiled>
    {
        public Task Consume(ConsumeContext<NoteFiled> context)
        {
            seen.Add(new Arrival(context.ConversationId, context.InitiatorId));

            return Task.CompletedTask;
        }
    }
}
