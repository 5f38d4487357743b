using System.Text;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Games.Bench.Chaos;

/// <summary>What waits in a queue, as the broker knows it.</summary>
internal sealed partial class BrokerQueues(string rabbitMq)
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

    /// <summary>Looks at every message that is ready in the queue and leaves it there: its number, its game, and why it was given up if it was.</summary>
    public async Task<IReadOnlyList<string>> MessagesAsync(string queue, CancellationToken ct)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(rabbitMq), AutomaticRecoveryEnabled = false }.CreateConnectionAsync(ct);
        if (await CountAsync(connection, queue, ct) == 0)
            return [];

        // Not acknowledged: they go back when the channel closes.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        var messages = new List<string>();
        while (await channel.BasicGetAsync(queue, autoAck: false, ct) is { } message)
        {
            var game = GameId().Match(Encoding.UTF8.GetString(message.Body.Span)) is { Success: true } found ? found.Groups[1].Value : "no game's id";
            var fault = message.BasicProperties.Headers?.TryGetValue("MT-Fault-Message", out var reason) == true && reason is byte[] text ? $" ({Encoding.UTF8.GetString(text)})" : "";
            messages.Add($"{messages.Count + 1}. {game}{fault}");
        }
        return messages;
    }

    [GeneratedRegex("\"gameId\":\\s*\"([^\"]+)\"")]
    private static partial Regex GameId();

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
