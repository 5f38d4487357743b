using MassTransit.Configuration;
using Microsoft.EntityFrameworkCore;

namespace MassTransit;

/// <summary>Puts the outbox and inbox behind a bus. Signatures are those of the published MassTransit.EntityFrameworkCore.</summary>
public static class EntityFrameworkOutboxConfigurationExtensions
{
    /// <summary>
    /// Adds the relay, the inbox and its clean-up for <typeparamref name="TDbContext" />, which must have the tables of
    /// <see cref="OutboxModelBuilderExtensions.AddTransactionalOutboxEntities" />.
    /// </summary>
    public static void AddEntityFrameworkOutbox<TDbContext>(
        this IBusRegistrationConfigurator configurator, Action<IEntityFrameworkOutboxConfigurator>? configure = null)
        where TDbContext : DbContext
    {
        var outbox = new EntityFrameworkOutboxConfigurator<TDbContext>(configurator);

        configure?.Invoke(outbox);
        outbox.Register();
    }

    /// <summary>
    /// Runs each consumer of the endpoint in one transaction with its inbox row and its outgoing messages. Configure retries before it:
    /// each attempt is then a transaction of its own.
    /// </summary>
    /// <exception cref="ConfigurationException">When the bus is built: a consumer of the endpoint consumes <see cref="Batch{T}" />.</exception>
    public static void UseEntityFrameworkOutbox<TDbContext>(
        this IReceiveEndpointConfigurator configurator, IRegistrationContext context, Action<IOutboxOptionsConfigurator>? configure = null)
        where TDbContext : DbContext
    {
        var observer = new OutboxConsumePipeSpecificationObserver<TDbContext>(configurator, context);

        configure?.Invoke(observer);

        configurator.ConnectConsumerConfigurationObserver(new BatchConsumers());
        configurator.ConnectConsumerConfigurationObserver(observer);
        configurator.ConnectSagaConfigurationObserver(observer);
    }

    /// <summary>Names the database; ours knows no other.</summary>
    public static IEntityFrameworkOutboxConfigurator UsePostgres(this IEntityFrameworkOutboxConfigurator configurator) => configurator;

    /// <summary>Names the database. Nothing is cached in statics, so <paramref name="enableSchemaCaching" /> has no effect.</summary>
    public static IEntityFrameworkOutboxConfigurator UsePostgres(this IEntityFrameworkOutboxConfigurator configurator, bool enableSchemaCaching) =>
        configurator;
}
