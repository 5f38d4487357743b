using System.Collections.Concurrent;
using Games.Contracts;
using MassTransit;

namespace Games.Tests.Journal;

/// <summary>Somebody else's service: a queue of its own on the exchange of a channel, and on those of the contracts.</summary>
internal sealed class ChannelListener : IAsyncDisposable
{
    private readonly ConcurrentQueue<(Guid? MessageId, Guid? CorrelationId, object Message)> _heard = new();
    private readonly IBusControl _bus;

    private ChannelListener(string broker, string exchange) => _bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbitMq =>
    {
        rabbitMq.Host(new Uri(broker));
        rabbitMq.ReceiveEndpoint($"listener-{Guid.NewGuid():n}", endpoint =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.ConcurrentMessageLimit = 1;
            endpoint.Bind(exchange);
            endpoint.Handler<EventPublished>(Hear);
            endpoint.Handler<GameCreated>(Hear);
            endpoint.Handler<DiscordMessageReceived>(Hear);
        });
    });

    /// <summary>What came, in its order.</summary>
    public (Guid? MessageId, Guid? CorrelationId, object Message)[] Heard => [.. _heard];

    public static async Task<ChannelListener> StartAsync(string broker, string exchange)
    {
        var listener = new ChannelListener(broker, exchange);
        await listener._bus.StartAsync(TestContext.Current.CancellationToken);
        return listener;
    }

    public Task HearsAsync(params Guid[] ids) =>
        Until.TrueAsync(() => ids.All(id => _heard.Any(x => x.MessageId == id)), $"{ids.Length} events have arrived", TimeSpan.FromMinutes(1));

    public Task HearsAsync(int count) => Until.TrueAsync(() => _heard.Count >= count, $"{count} events have arrived", TimeSpan.FromMinutes(1));

    public async ValueTask DisposeAsync() => await _bus.StopAsync(TimeSpan.FromSeconds(10));

    private Task Hear<T>(ConsumeContext<T> context)
        where T : class
    {
        _heard.Enqueue((context.MessageId, context.CorrelationId, context.Message));
        return Task.CompletedTask;
    }
}
