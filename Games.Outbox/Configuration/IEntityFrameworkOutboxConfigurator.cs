using System.Data;

namespace MassTransit;

/// <summary>Configures the transactional outbox and inbox of one DbContext.</summary>
public interface IEntityFrameworkOutboxConfigurator : ITransactionalOutboxConfigurator
{
    /// <summary>How long a consumed message is remembered, so that a repeat has no effect. Default: 7 days.</summary>
    TimeSpan DuplicateDetectionWindow { set; }

    /// <summary>Isolation of a consumer's transaction. Default: ReadCommitted.</summary>
    IsolationLevel IsolationLevel { set; }

    /// <summary>How often the table is looked at when no wake-up came: a backstop, with jitter. Default: 10 s.</summary>
    TimeSpan QueryDelay { set; }

    /// <summary>Rows claimed by one statement. Default: 100.</summary>
    int QueryMessageLimit { set; }

    /// <summary>After this a statement of the relay or the clean-up is given up. Default: 30 s.</summary>
    TimeSpan QueryTimeout { set; }

    /// <summary>Leaves the clean-up of the inbox to another process.</summary>
    void DisableInboxCleanupService();

    /// <summary>Lets a scope's IPublishEndpoint and ISendEndpointProvider write to the outbox instead of the broker.</summary>
    void UseBusOutbox(Action<IEntityFrameworkBusOutboxConfigurator>? configure = null);
}
