using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Games.Bench.Chaos;

/// <summary>How many messages wait in a queue, as the broker counts them.</summary>
internal sealed class BrokerQueues(string rabbitMq)
{
    private const ushort NotFound = 404;

    /// <summary>Messages that are ready in each queue; a queue that is not there has none. Those that a consumer holds are not counted.</summary>
    public async Task<IReadOnlyDictionary<string, uint>> CountAsync(IEnumerable<string> queues, CancellationToken ct)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(rabbitMq), AutomaticRecoveryEnabled = false }.CreateConnectionAsync(ct);
        var counts = new Dictionary<string, uint>();
        foreach (var queue in queues)
            counts[queue] = await CountAsync(connection, queue, ct);
        return counts;
    }

    private static async Task<uint> CountAsync(IConnection connection, string queue, CancellationToken ct)
    {
        // A channel each: the broker closes it when the queue is not there.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue, ct)).MessageCount;
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == NotFound)
        {
            return 0;
        }
    }
}
