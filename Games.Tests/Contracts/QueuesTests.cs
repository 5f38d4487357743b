extern alias Bot;

using Games.Contracts;
using MassTransit;

namespace Games.Tests.Contracts;

public sealed class QueuesTests
{
    [Fact]
    public void The_consumed_queues_are_those_of_the_bots_consumers_and_no_others()
    {
        var types = typeof(Bot::Program).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false }).ToList();
        var consumers = types.Where(type => typeof(IConsumer).IsAssignableFrom(type)).ToList();
        var definitions = types.Where(type => typeof(IConsumerDefinition).IsAssignableFrom(type))
            .Select(type => (IConsumerDefinition)Activator.CreateInstance(type)!).ToList();

        Assert.NotEmpty(consumers);
        Assert.Equal(consumers.Select(consumer => consumer.Name).Order(), definitions.Select(definition => definition.ConsumerType.Name).Order());
        var names = definitions.Select(definition => definition.GetEndpointName(DefaultEndpointNameFormatter.Instance));
        Assert.Equal(names.Order(), Queues.Consumed.Order());
    }
}
