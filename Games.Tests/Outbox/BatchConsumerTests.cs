using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;

namespace Games.Tests.Outbox;

/// <summary>A batch has one id of many: behind the inbox the others would take effect again.</summary>
public sealed class BatchConsumerTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task A_consumer_of_batches_behind_the_inbox_is_refused_at_the_start()
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var service = await NotesService.StartAsync(
                database.ConnectionString, broker.ConnectionString, x => x.AddConsumer<BatchConsumer, BatchConsumerDefinition>());
        });

        Assert.Contains($"{nameof(BatchConsumer)} consumes batches of {nameof(NoteTaken)}", refused.ToString());
        Assert.Contains("ConsumeTogether", refused.ToString());
    }

    private sealed class BatchConsumer : IConsumer<Batch<NoteTaken>>
    {
        public Task Consume(ConsumeContext<Batch<NoteTaken>> context) => Task.CompletedTask;
    }

    private sealed class BatchConsumerDefinition : ConsumerDefinition<BatchConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<BatchConsumer> consumer, IRegistrationContext context) =>
            endpoint.UseEntityFrameworkOutbox<NotesDbContext>(context);
    }
}
