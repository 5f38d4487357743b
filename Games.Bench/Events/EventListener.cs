using System.Collections.Concurrent;
using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Games.Bench.Events;

/// <summary>A consumer outside of Games: its own queue on one exchange, and when each message arrived. Times are timestamps of Stopwatch.</summary>
internal sealed class EventListener : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly ConcurrentDictionary<Guid, long> _firstArrivals = new();
    private int _repeats;

    private EventListener(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    /// <summary>Messages that have arrived, each counted once.</summary>
    public int Received => _firstArrivals.Count;

    /// <summary>Messages that have arrived again.</summary>
    public int Repeats => Volatile.Read(ref _repeats);

    public long LastArrival => _firstArrivals.Values.DefaultIfEmpty().Max();

    public static async Task<EventListener> BindAsync(string rabbitMq, string exchange, CancellationToken ct)
    {
        var connection = await new ConnectionFactory { Uri = new Uri(rabbitMq) }.CreateConnectionAsync(ct);
        var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        var listener = new EventListener(connection, channel);
        // As MassTransit declares it, so that either may declare it first.
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: ct);
        var queue = (await channel.QueueDeclareAsync(cancellationToken: ct)).QueueName;
        await channel.QueueBindAsync(queue, exchange, routingKey: "", cancellationToken: ct);

        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += listener.OnReceivedAsync;
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, ct);
        return listener;
    }

    /// <summary>Null for a message that has not arrived.</summary>
    public long? FirstArrivalOf(Guid messageId) => _firstArrivals.TryGetValue(messageId, out var at) ? at : null;

    public void Reset()
    {
        _firstArrivals.Clear();
        Volatile.Write(ref _repeats, 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private Task OnReceivedAsync(object sender, BasicDeliverEventArgs message)
    {
        var now = Stopwatch.GetTimestamp();
        if (!Guid.TryParse(message.BasicProperties.MessageId, out var id) || !_firstArrivals.TryAdd(id, now))
            Interlocked.Increment(ref _repeats);
        return Task.CompletedTask;
    }
}
