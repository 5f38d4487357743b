using System.Text;
using Games.Bench.Chaos;
using Games.Tests.Servers;
using RabbitMQ.Client;

namespace Games.Tests.Bench;

public sealed class BrokerQueuesTests(TestBroker broker) : IClassFixture<TestBroker>
{
    [Fact]
    public async Task What_lies_in_a_queue_is_named_with_its_reason_and_left_there()
    {
        var ct = TestContext.Current.CancellationToken;
        var (given, other) = (Guid.NewGuid(), Guid.NewGuid());
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync(ct);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), ct);
        await channel.QueueDeclareAsync("left", durable: true, exclusive: false, autoDelete: false, cancellationToken: ct);
        foreach (var (game, reason) in new[] { (given, "no such host"), (other, null) })
        {
            var headers = reason is null ? null : new Dictionary<string, object?> { ["MT-Fault-Message"] = reason };
            var body = Encoding.UTF8.GetBytes($$"""{"message": {"gameId": "{{game}}", "title": "x"} }""");
            await channel.BasicPublishAsync("", "left", mandatory: true, new BasicProperties { Headers = headers }, body, ct);
        }

        var queues = new BrokerQueues(broker.ConnectionString);

        var messages = await queues.MessagesAsync("left", ct);

        Assert.Equal([$"1. {given} (no such host)", $"2. {other}"], messages);
        Assert.Equal(2u, (await queues.CountAsync(["left"], ct))["left"]);
    }

    [Fact]
    public async Task A_queue_that_is_not_there_holds_nothing()
    {
        var queues = new BrokerQueues(broker.ConnectionString);

        Assert.Equal(0u, (await queues.CountAsync(["never declared"], TestContext.Current.CancellationToken))["never declared"]);
        Assert.Empty(await queues.MessagesAsync("never declared", TestContext.Current.CancellationToken));
    }
}
