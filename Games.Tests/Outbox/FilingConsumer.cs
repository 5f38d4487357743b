using Games.Tests.Messaging;
using MassTransit;

namespace Games.Tests.Outbox;

/// <summary>Publishes under an ordering key from within a consumer, what no queue takes: its row stays.</summary>
internal sealed class FilingConsumer : IConsumer<NoteTaken>
{
    public Task Consume(ConsumeContext<NoteTaken> context) =>
        context.Publish(new NoteShredded(context.Message.Id, context.Message.Text), x =>
        {
            x.SetOrderingKey("filed by hand");
            x.Mandatory = true;
        });
}

internal sealed class FilingConsumerDefinition : ConsumerDefinition<FilingConsumer>
{
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<FilingConsumer> consumer, IRegistrationContext context) =>
        endpoint.UseEntityFrameworkOutbox<NotesDbContext>(context);
}
