using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Inbox;

/// <summary>
/// Lets deliveries of one consumer that are here at the same time share a transaction: one BEGIN, one INSERT of inbox rows and one COMMIT
/// for all, while each consumer runs in its own scope and on its own DbContext, one after the other. What arrives while the transactions
/// before it are under way makes up the next one. When anything fails the whole is rolled back and each delivery
/// runs alone, as if there had been no sharing; so a failure costs the others time, and never their work.
/// </summary>
internal sealed partial class SharedTransactions<TDbContext>(
    InboxStore<TDbContext> store, OutboxSettings<TDbContext> settings, TimeProvider time, ILogger<SharedTransactions<TDbContext>> logger)
    where TDbContext : DbContext
{
    /// <summary>How long the joined deliveries wait for a consumer that neither ends nor joins.</summary>
    private static readonly TimeSpan StallTimeout = TimeSpan.FromMilliseconds(100);

    private readonly OutboxOptions _options = settings.Value;
    private readonly ConcurrentDictionary<Guid, Queue> _queues = new();

    /// <summary>
    /// Whether the context's deliveries may share. Not with a strategy that tries again, which would do so for one of many; nor with a
    /// connection that the application has made, which could not be put back.
    /// </summary>
    public bool IsFor(TDbContext context, IExecutionStrategy strategy) =>
        _options.ConsumeTogether > 1 && !strategy.RetriesOnFailure && ConnectionStringOf(context) is not null;

    /// <summary>Joins the deliveries of the consumer that wait for a transaction. The result must be disposed when the delivery is over.</summary>
    public SharedDelivery Join(TDbContext context, Guid messageId, Guid consumerId, DateTime? expires)
    {
        var delivery = new SharedDelivery(context, messageId, consumerId, expires);
        if (_queues.GetOrAdd(consumerId, _ => new(_options)).Add(delivery) is not { } queue)
            return delivery;

        // It works for others too: the trace and all else that flows with this delivery is not theirs.
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(() => RunAsync(queue));

        return delivery;
    }

    private async Task RunAsync(Queue queue)
    {
        for (var wasShared = false; await TakeAsync(queue, wasShared) is { Length: > 0 } deliveries; wasShared = deliveries.Length > 1)
        {
            if (deliveries is [var single])
                single.RunAlone();
            else
                await RunTogetherAsync(deliveries);

            await Task.WhenAll(deliveries.Select(x => x.Over));
        }
    }

    private async Task<SharedDelivery[]> TakeAsync(Queue queue, bool wasShared)
    {
        if (wasShared && _options.ConsumeTogetherDelay > TimeSpan.Zero && !queue.IsFull)
            await Task.Delay(_options.ConsumeTogetherDelay, time);

        return queue.Take();
    }

    private async Task RunTogetherAsync(SharedDelivery[] deliveries)
    {
        var committed = false;
        try
        {
            committed = await CommitTogetherAsync(deliveries);
        }
        catch (Exception exception)
        {
            // Whatever it was: alone each delivery meets it again, or finds that it was committed after all.
            LogGivenUp(deliveries.Length, exception.Message);
        }

        foreach (var delivery in deliveries)
            delivery.End(committed);
    }

    private async Task<bool> CommitTogetherAsync(SharedDelivery[] deliveries)
    {
        var owner = (TDbContext)deliveries[0].Context;

        // As the delivery itself would open its connection: an application may choose it by what flows with it. Disposed without a commit, it is
        // rolled back.
        await using var transaction = await deliveries[0].Surroundings.Run(() => owner.Database.BeginTransactionAsync(_options.IsolationLevel));
        var isNew = await store.InsertAsync(owner, transaction.GetDbTransaction(), deliveries, CancellationToken.None);

        if (!await ConsumeAsync(deliveries, isNew, owner.Database.GetDbConnection(), transaction.GetDbTransaction()))
            return false;

        await transaction.CommitAsync(CancellationToken.None);

        return true;
    }

    /// <summary>Runs the consumers, one after the other; those that join are then one call. False with the first that fails.</summary>
    private async Task<bool> ConsumeAsync(SharedDelivery[] deliveries, HashSet<Guid> isNew, DbConnection connection, DbTransaction transaction)
    {
        var borrowed = new List<Borrowed>(deliveries.Length - 1);
        var joined = new JoinedConsumers();

        try
        {
            foreach (var delivery in deliveries)
            {
                if (delivery.Context != deliveries[0].Context)
                    borrowed.Add(await Borrowed.ByAsync(delivery.Context, connection, transaction));

                // The same message twice among these: the first is new.
                var running = delivery.RunTogetherAsync(isNew.Remove(delivery.MessageId), joined);
                if (joined.IsWaiting && !await EndsSoonAsync(running))
                {
                    // A limit behind the inbox may let it in only when one of those that have joined is out.
                    LogHeldUp(deliveries.Length);
                    if (!await joined.ConsumeAsync())
                        return false;
                }

                if (await running is Progress.Failed)
                    return false;
            }

            return await joined.ConsumeAsync();
        }
        finally
        {
            // Before their contexts go back to where they came from, nobody is to work on one.
            await joined.EndAsync();
            foreach (var context in borrowed)
                await context.DisposeAsync();
        }
    }

    private async Task<bool> EndsSoonAsync(Task running)
    {
        try
        {
            await running.WaitAsync(StallTimeout, time);
            return true;
        }
        catch (TimeoutException)
        {
            return running.IsCompleted;
        }
    }

    private static string? ConnectionStringOf(DbContext context) =>
        RelationalOptionsExtension.Extract(context.GetService<IDbContextOptions>()).ConnectionString;

    [LoggerMessage(LogLevel.Information, "Inbox: {Count} deliveries could not share a transaction and run alone: {Reason}")]
    private partial void LogGivenUp(int count, string reason);

    [LoggerMessage(LogLevel.Warning,
        "Inbox: of {Count} deliveries that share a transaction one waits for another. "
        + "ConsumeTogether should be no more than the consumer's limit of concurrent messages")]
    private partial void LogHeldUp(int count);

    /// <summary>The deliveries of one consumer that have no transaction yet.</summary>
    private sealed class Queue(OutboxOptions options)
    {
        private readonly Queue<SharedDelivery> _waiting = new();
        private int _running;

        public bool IsFull
        {
            get
            {
                lock (_waiting)
                    return _waiting.Count >= options.ConsumeTogether;
            }
        }

        /// <summary>Adds; not null if another runner may start.</summary>
        public Queue? Add(SharedDelivery delivery)
        {
            lock (_waiting)
            {
                _waiting.Enqueue(delivery);
                if (_running == options.ConsumerTransactions)
                    return null;

                _running++;

                return this;
            }
        }

        /// <summary>What is here now, up to the limit; if it is nothing, the runner that asks has to end.</summary>
        public SharedDelivery[] Take()
        {
            lock (_waiting)
            {
                var taken = new SharedDelivery[Math.Min(_waiting.Count, options.ConsumeTogether)];
                for (var i = 0; i < taken.Length; i++)
                    taken[i] = _waiting.Dequeue();
                if (taken.Length == 0)
                    _running--;

                return taken;
            }
        }
    }

    /// <summary>A context that works on another's connection for a while, and opens its own again afterwards.</summary>
    private sealed class Borrowed(DbContext context, IDbContextTransaction transaction) : IAsyncDisposable
    {
        public static async Task<Borrowed> ByAsync(DbContext context, DbConnection shared, DbTransaction transaction)
        {
            // A pooled context that was once given back with its connection open counts it as open ever after, and EF Core would not change it.
            await context.Database.CloseConnectionAsync();
            context.Database.SetDbConnection(shared, contextOwnsConnection: false);

            try
            {
                return new(context, (await context.Database.UseTransactionAsync(transaction))!);
            }
            catch
            {
                GiveBack(context);
                throw;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            GiveBack(context);
        }

        private static void GiveBack(DbContext context)
        {
            // Not the connection that it had: a pooled context would dispose it at the end of this life and find it so in the next.
            context.Database.SetDbConnection(null, contextOwnsConnection: true);
            // It still has a data source, if Npgsql's options have made one (MapEnum, NodaTime): a connection string would take it away.
            if (context.Database.GetConnectionString() is null)
                context.Database.SetConnectionString(ConnectionStringOf(context));
        }
    }
}
