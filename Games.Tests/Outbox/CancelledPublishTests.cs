using System.Diagnostics;
using Games.Outbox;
using Games.Outbox.Monitoring;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;

namespace Games.Tests.Outbox;

/// <summary>MassTransit hands the relay's token to RabbitMQ's client:
/// a publish that times out is cancelled there, its confirm may come yet.</summary>
public sealed class CancelledPublishTests(TestBroker broker) : IClassFixture<TestBroker>
{
    /// <summary>As many as the relay has under way.</summary>
    private const int Window = 60;

    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);
    private static readonly string Large = $$"""{"text":"{{new string('x', 100_000)}}"}""";

    [Fact]
    public async Task Publishes_that_time_out_on_a_frozen_line_leave_every_later_confirm_with_its_message()
    {
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        await using var connection = await new ConnectionFactory { Uri = new(broker.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await DeclareAsync(channel, "kept");
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbitMq => rabbitMq.Host(new Uri(through)));
        await bus.StartAsync(TestContext.Current.CancellationToken);
        var confirmed = await PublishAsync(bus, Enough, Window, _ => "kept");
        Assert.All(confirmed, x => Assert.Equal(PublishResult.Confirmed, x.Result));

        line.Freeze();
        // The first wave is cancelled while it waits for the line or for its confirm, the others while they declare the exchange again.
        var frozen = Stopwatch.GetTimestamp();
        var cancelled = new List<PublishOutcome>();
        for (var wave = 0; wave < 3; wave++)
            cancelled.AddRange(await PublishAsync(bus, TimeSpan.FromMilliseconds(300), Window, _ => "kept", Large));
        Assert.InRange(Stopwatch.GetElapsedTime(frozen), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.All(cancelled, x => Assert.Equal(PublishResult.Unreachable, x.Result));

        line.Thaw();
        // The confirms of the cancelled come in between.
        for (var wave = 0; wave < 6; wave++)
        {
            var outcomes = await PublishAsync(bus, Enough, Window, i => i % 3 == 0 ? "without-a-queue" : "kept");
            Assert.All(outcomes, x => Assert.Equal(IsFor(x, "kept") ? PublishResult.Confirmed : PublishResult.Unroutable, x.Result));
            confirmed = [.. confirmed, .. outcomes.Where(x => IsFor(x, "kept"))];
        }

        var times = (await MessageIdsAsync(channel, "kept")).CountBy(x => x).ToDictionary();
        Assert.All(confirmed, x => Assert.Equal(1, times.GetValueOrDefault(x.Row.MessageId)));
        Assert.All(cancelled, x => Assert.InRange(times.GetValueOrDefault(x.Row.MessageId), 0, 1));
        Assert.Contains(cancelled, x => times.ContainsKey(x.Row.MessageId));
        Assert.Contains(cancelled, x => !times.ContainsKey(x.Row.MessageId));
        await bus.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Publishes_cancelled_at_any_moment_leave_every_other_confirm_with_its_message()
    {
        await using var connection = await new ConnectionFactory { Uri = new(broker.ConnectionString) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await DeclareAsync(channel, "hurried");
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbitMq => rabbitMq.Host(new Uri(broker.ConnectionString)));
        await bus.StartAsync(TestContext.Current.CancellationToken);
        List<PublishOutcome> outcomes = [.. await PublishAsync(bus, Enough, Window, _ => "hurried")];

        for (var wave = 0; wave < 60; wave++)
        {
            // Those in a hurry are cancelled while they wait for their turn, for the line or for their confirm; the others share their channel.
            var hurried = PublishAsync(bus, TimeSpan.FromMilliseconds(1 + wave % 12), Window / 2, _ => "hurried");
            var others = await PublishAsync(bus, Enough, Window / 2, i => i % 3 == 0 ? "hurried-without-a-queue" : "hurried");
            Assert.All(others, x => Assert.Equal(IsFor(x, "hurried") ? PublishResult.Confirmed : PublishResult.Unroutable, x.Result));
            outcomes.AddRange([.. others.Where(x => IsFor(x, "hurried")), .. await hurried]);
        }

        var times = (await MessageIdsAsync(channel, "hurried")).CountBy(x => x).ToDictionary();
        Assert.All(outcomes, x => Assert.InRange(times.GetValueOrDefault(x.Row.MessageId), x.Result is PublishResult.Confirmed ? 1 : 0, 1));
        Assert.Contains(outcomes, x => x.Result is PublishResult.Unreachable);
        await bus.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task An_exchange_whose_declaration_timed_out_is_declared_by_a_later_publish()
    {
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbitMq => rabbitMq.Host(new Uri(through)));
        await bus.StartAsync(TestContext.Current.CancellationToken);
        Assert.All(await PublishAsync(bus, Enough, 1, _ => "declared"), x => Assert.Equal(PublishResult.Unroutable, x.Result));

        line.Freeze();
        var cancelled = await PublishAsync(bus, TimeSpan.FromMilliseconds(300), Window, i => i % 2 == 0 ? "declared" : $"declared-late-{i % 4}");
        Assert.All(cancelled, x => Assert.Equal(PublishResult.Unreachable, x.Result));

        line.Thaw();
        // Whoever asks while MassTransit still gives up the first declaration may be given its end, or none: the relay publishes again.
        await Until.TrueAsync(
            async () =>
            {
                var outcomes = await PublishAsync(
                    bus, TimeSpan.FromSeconds(5), Window, i => i % 2 == 0 ? "declared" : $"declared-late-{i % 4}");
                Assert.All(outcomes, x => Assert.True(x.Result is PublishResult.Unroutable or PublishResult.Unreachable, $"{x.Result}: {x.Error}"));
                return outcomes.All(x => x.Result is PublishResult.Unroutable);
            },
            "all are declared");
        await bus.StopAsync(TestContext.Current.CancellationToken);
    }

    private static bool IsFor(PublishOutcome outcome, string exchange) => outcome.Row.DestinationAddress!.OriginalString == $"exchange:{exchange}";

    private static async Task DeclareAsync(IChannel channel, string name)
    {
        await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true);
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false);
        await channel.QueueBindAsync(name, name, "");
    }

    private static async Task<PublishOutcome[]> PublishAsync(
        IBusControl bus, TimeSpan timeout, int count, Func<int, string> exchange, string body = "{}")
    {
        // Nobody collects the gauges, so there is no backlog to measure.
        using var metrics = new OutboxMetrics<NotesDbContext>(backlog: null!, TimeProvider.System, new ServiceCollection().BuildServiceProvider());
        var publisher = new OutboxPublisher<NotesDbContext>(
            bus, new OutboxOptions { PublishTimeout = timeout }, metrics, TimeProvider.System, NullLoggerFactory.Instance);

        return await Task.WhenAll(Enumerable.Range(0, count).Select(i => publisher.PublishAsync(new()
        {
            MessageId = Guid.CreateVersion7(),
            SentTime = TimeProvider.System.GetUtcNow().UtcDateTime,
            ContentType = "application/json",
            MessageType = "urn:message:Any",
            DestinationAddress = new($"exchange:{exchange(i)}"),
            Body = body
        })));
    }

    private static async Task<Guid[]> MessageIdsAsync(IChannel channel, string queue)
    {
        var ids = new List<Guid>();
        while (await channel.BasicGetAsync(queue, autoAck: true) is { } message)
            ids.Add(Guid.Parse(message.BasicProperties.MessageId!));

        return [.. ids];
    }
}
