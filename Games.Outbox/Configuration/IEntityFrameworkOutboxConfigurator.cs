using System.Data;

namespace MassTransit;

/// <summary>Configures the transactional outbox and inbox of one DbContext.</summary>
public interface IEntityFrameworkOutboxConfigurator : ITransactionalOutboxConfigurator
{
    /// <summary>How long a consumed message is remembered, so that a repeat has no effect. Default: 7 days.</summary>
    TimeSpan DuplicateDetectionWindow { set; }

    /// <summary>Isolation of a consumer's transaction. Default: ReadCommitted.</summary>
    IsolationLevel IsolationLevel { set; }

    /// <summary>
    /// How often the table is looked at when no wake-up came and no notifications arrive: a backstop, with jitter. Default: 10 s.
    /// </summary>
    TimeSpan QueryDelay { set; }

    /// <summary>Rows claimed by one statement, and as many again of those that were put off and are due. Default: 100.</summary>
    int QueryMessageLimit { set; }

    /// <summary>After this a statement of the relay or the clean-up is given up. Default: 30 s.</summary>
    TimeSpan QueryTimeout { set; }

    /// <summary>
    /// Messages of this type, and of types derived from it, are published one after the other wherever their key is the same: in the order
    /// of their commits, across transactions, replicas and retries. One that cannot be sent holds up those behind it, and no other key's,
    /// until it is sent, retried or discarded. Transactions that save messages of one key wait for each other: take keys as fine as the order
    /// needs, for example the id of what the message is about.
    /// </summary>
    /// <param name="key">The message's key, at most 256 characters. All types share one set of keys; null or empty for no order.</param>
    /// <param name="begins">
    /// Whether each such message is the first of its key, because what the key names is made in the transaction that publishes it. There is nothing
    /// that it could come after, so it waits for nobody and leaves as fast as a message without a key. If it is not the first, it may overtake.
    /// </param>
    void OrderBy<T>(Func<T, string?> key, bool begins = false)
        where T : class;

    /// <summary>
    /// Makes the outbox the scheduler: a scope's <see cref="IMessageScheduler" />, and in consumers with the outbox also
    /// <c>context.SchedulePublish</c> and its siblings, write rows that wait in the table until they are due by the database's clock, without
    /// a broker plugin. A cancellation deletes the row if nobody is publishing it yet; otherwise it has no effect and is logged. Both take
    /// effect with SaveChanges, or with the consumer's transaction.
    /// </summary>
    void AddMessageScheduler();

    /// <summary>Leaves the clean-up of the inbox to another process.</summary>
    void DisableInboxCleanupService();

    /// <summary>Lets a scope's IPublishEndpoint and ISendEndpointProvider write to the outbox instead of the broker.</summary>
    void UseBusOutbox(Action<IEntityFrameworkBusOutboxConfigurator>? configure = null);
}
