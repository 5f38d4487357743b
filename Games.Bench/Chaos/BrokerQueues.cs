using System.Text;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Games.Bench.Chaos;

/// <summary>The messages that are ready in a queue, by the broker's own answer.</summary>
internal sealed partial class BrokerQueues(string rabbitMq)
{
    private const ushort NotFound = 404;

    /// <summary>Ready messages of each queue; a queue that does not exist has none. Unacknowledged ones are not counted.</summary>
    public async Task<IReadOnlyDictionary<string, uint>> CountAsync(IEnumerable<string> queues, CancellationToken ct)
    {
        await using var connection = await ConnectAsync(ct);
        var counts = new Dictionary<string, uint>();
        foreach (var queue in queues)
            counts[queue] = await CountAsync(connection, queue, ct);
        return counts;
    }

    /// <summary>Describes every ready message and leaves it in the queue: its number, its game, and its fault if it has one.</summary>
    public async Task<IReadOnlyList<string>> MessagesAsync(string queue, CancellationToken ct)
    {
        await using var connection = await ConnectAsync(ct);
        if (await CountAsync(connection, queue, ct) == 0)
            return [];

        // Not acknowledged: they go back when the channel closes.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        var messages = new List<string>();
        while (await channel.BasicGetAsync(queue, autoAck: false, ct) is { } message)
        {
            var game = GameId().Match(Encoding.UTF8.GetString(message.Body.Span)) is { Success: true } found ? found.Groups[1].Value : "no game's id";
            object? fault = null;
            message.BasicProperties.Headers?.TryGetValue("MT-Fault-Message", out fault);
            messages.Add($"{messages.Count + 1}. {game}{(fault is byte[] text ? $" ({Encoding.UTF8.GetString(text)})" : "")}");
        }
        return messages;
    }

    [GeneratedRegex("\"gameId\":\\s*\"([^\"]+)\"")]
    private static partial Regex GameId();

    private Task<IConnection> ConnectAsync(CancellationToken ct) =>
        new ConnectionFactory { Uri = new Uri(rabbitMq), AutomaticRecoveryEnabled = false }.CreateConnectionAsync(ct);

    private static async Task<uint> CountAsync(IConnection connection, string queue, CancellationToken ct)
    {
        // A channel each: the broker closes the channel when the queue does not exist.
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
