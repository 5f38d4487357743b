using System.Collections.Concurrent;
using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Games.Bench.Events;

/// <summary>Somebody else's service: a queue of its own on one exchange, and the moment at which each message came.</summary>
internal sealed class EventListener : IAsyncDisposable
{
    private readonly IConnection connection;
    private readonly IChannel channel;
    private readonly ConcurrentDictionary<Guid, long> first = new();
    private int repeats;

    private EventListener(IConnection connection, IChannel channel) => (this.connection, this.channel) = (connection, channel);

    /// <summary>Different messages that have come.</summary>
    public int Heard => first.Count;

    /// <summary>Messages that have come again.</summary>
    public int Repeats => Volatile.Read(ref repeats);

    /// <summary>When the last of those that have come came first, as a timestamp of Stopwatch.</summary>
    public long Last => first.Values.DefaultIfEmpty().Max();

    public static async Task<EventListener> BindAsync(string rabbitMq, string exchange, CancellationToken ct)
    {
        var connection = await new ConnectionFactory { Uri = new Uri(rabbitMq) }.CreateConnectionAsync(ct);
        var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        var listener = new EventListener(connection, channel);
        // As MassTransit declares it, so that neither has to be first.
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: ct);
        var queue = (await channel.QueueDeclareAsync(cancellationToken: ct)).QueueName;
        await channel.QueueBindAsync(queue, exchange, routingKey: "", cancellationToken: ct);

        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += listener.NoteAsync;
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, ct);
        return listener;
    }

    /// <summary>When the message came first, as a timestamp of Stopwatch; null if it has not.</summary>
    public long? CameAt(Guid messageId) => first.TryGetValue(messageId, out var at) ? at : null;

    public void Forget()
    {
        first.Clear();
        Volatile.Write(ref repeats, 0);
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }

    private Task NoteAsync(object sender, BasicDeliverEventArgs message)
    {
        var now = Stopwatch.GetTimestamp();
        if (!Guid.TryParse(message.BasicProperties.MessageId, out var id) || !first.TryAdd(id, now))
            Interlocked.Increment(ref repeats);
        return Task.CompletedTask;
    }
}
