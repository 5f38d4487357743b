namespace MassTransit.Configuration;

/// <summary>
/// Refuses consumers of batches behind the inbox. A batch has the id of one of its messages: the inbox would remember that one, and the others would
/// take effect again when they come again, in another batch.
/// </summary>
internal sealed class BatchConsumers : IConsumerConfigurationObserver
{
    public void ConsumerConfigured<TConsumer>(IConsumerConfigurator<TConsumer> configurator)
        where TConsumer : class
    {
    }

    public void ConsumerMessageConfigured<TConsumer, TMessage>(IConsumerMessageConfigurator<TConsumer, TMessage> configurator)
        where TConsumer : class
        where TMessage : class
    {
        if (typeof(TMessage).IsGenericType && typeof(TMessage).GetGenericTypeDefinition() == typeof(Batch<>))
        {
            throw new ConfigurationException(
                $"{typeof(TConsumer).Name} consumes batches of {typeof(TMessage).GetGenericArguments()[0].Name}, and the inbox tells messages apart, "
                + "not batches. Let it consume single messages: with the option Outbox:ConsumeTogether and context.ConsumeTogether it works on many "
                + "in one call and one transaction. Or do without UseEntityFrameworkOutbox on its endpoint.");
        }
    }
}
