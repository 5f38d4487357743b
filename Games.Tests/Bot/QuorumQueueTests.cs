using System.Text;
using Games.Contracts;
using Games.ServiceDefaults;
using Games.Tests.Servers;
using MassTransit.Topology;
using RabbitMQ.Client;

namespace Games.Tests.Bot;

public sealed class QuorumQueueTests(TestDatabase database, TestBroker broker)
    : IClassFixture<TestDatabase>, IClassFixture<TestBroker>, IAsyncLifetime
{
    private const string Queue = Queues.AnnounceGame;

    private static readonly string GivenUp = DefaultErrorQueueNameFormatter.Instance.FormatErrorQueueName(Queue);

    private IConnection _connection = null!;

    public async ValueTask InitializeAsync()
    {
        _connection = await new ConnectionFactory { Uri = new(broker.ConnectionString) }.CreateConnectionAsync(TestContext.Current.CancellationToken);
        await using var bot = new BotHost(database.ConnectionString, broker.ConnectionString, settings: (BrokerQueues.Quorum, "true"));
        await ReadyAsync(bot);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    [Fact]
    public async Task All_queues_are_kept_by_most_nodes_and_those_of_what_is_given_up_have_no_limit()
    {
        // RabbitMQ refuses to declare one that is there with other arguments.
        await using var channel = await _connection.CreateChannelAsync();
        foreach (var queue in Queues.Consumed)
        {
            var error = DefaultErrorQueueNameFormatter.Instance.FormatErrorQueueName(queue);
            await DeclareAsync(queue, new()
            {
                ["x-queue-type"] = "quorum",
                ["x-delivery-limit"] = 50,
                ["x-dead-letter-exchange"] = error,
                ["x-dead-letter-strategy"] = "at-least-once",
                ["x-overflow"] = "reject-publish",
            });
            await DeclareAsync(error, new() { ["x-queue-type"] = "quorum" });
            await DeclareAsync(
                DefaultDeadLetterQueueNameFormatter.Instance.FormatDeadLetterQueueName(queue), new() { ["x-queue-type"] = "quorum" });
        }

        Task DeclareAsync(string queue, Dictionary<string, object?> arguments) =>
            channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments);
    }

    [Fact]
    public async Task What_the_bot_cannot_read_is_given_up_and_it_goes_on()
    {
        await using var bot = new BotHost(database.ConnectionString, broker.ConnectionString, settings: (BrokerQueues.Quorum, "true"));
        await ReadyAsync(bot);

        await PublishAsync("this is no message");
        await GivenUpAsync("this is no message");

        await PublishAsync("nor is this");
        await GivenUpAsync("nor is this");
    }

    [Fact]
    public async Task What_kills_its_consumer_again_and_again_is_given_up()
    {
        await PublishAsync("poison");

        await Until.TrueAsync(
            async () =>
            {
                // Gone without a word, as a process that dies.
                await using var consumer = await _connection.CreateChannelAsync();
                return await consumer.BasicGetAsync(Queue, autoAck: false) is null && await CountAsync(GivenUp) > 0;
            },
            "it has left its queue");

        await GivenUpAsync("poison");
    }

    [Fact]
    public async Task Where_a_queue_is_of_the_other_kind_the_log_says_which()
    {
        await using var bot = new BotHost(database.ConnectionString, broker.ConnectionString);
        using var client = bot.CreateClient();

        await Until.TrueAsync(
            () => bot.Log.Lines.Any(line => line.Contains("inequivalent arg 'x-queue-type' for queue") && line.Contains("'quorum'")),
            "the log tells of the kind");
    }

    private static async Task ReadyAsync(BotHost bot)
    {
        using var client = bot.CreateClient();
        await client.ReadyAsync();
    }

    private async Task PublishAsync(string text)
    {
        await using var channel = await _connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        await channel.BasicPublishAsync(
            Exchanges.GameCreated, "", mandatory: true,
            new BasicProperties { ContentType = "application/vnd.masstransit+json", MessageId = $"{Guid.NewGuid()}", Persistent = true },
            Encoding.UTF8.GetBytes(text));
    }

    private async Task GivenUpAsync(string text)
    {
        await using var channel = await _connection.CreateChannelAsync();
        BasicGetResult? message = null;
        await Until.TrueAsync(async () => (message = await channel.BasicGetAsync(GivenUp, autoAck: true)) is not null, "it is given up");
        Assert.Equal(text, Encoding.UTF8.GetString(message!.Body.Span));
    }

    private async Task<uint> CountAsync(string queue)
    {
        await using var channel = await _connection.CreateChannelAsync();
        return (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
    }
}
