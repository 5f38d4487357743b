namespace MassTransit;

/// <summary>Configures how messages leave the outbox.</summary>
public interface IEntityFrameworkBusOutboxConfigurator : IBusOutboxConfigurator
{
    /// <summary>Publishes that may wait for the broker's confirm at the same time. Default: 60.</summary>
    int MessageDeliveryLimit { set; }

    /// <summary>How long the broker may take to confirm one message. Default: 10 s.</summary>
    TimeSpan MessageDeliveryTimeout { get; set; }
}
