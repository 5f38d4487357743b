using Games.Bench.Events;
using Games.Bench.Measuring;
using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Servers;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Tests.Bench;

public sealed class EventsTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private static readonly RepeatedStatement[] AtRest = [new("SELECT FROM events", 5, true), new("SELECT 1", 600, false)];

    private static readonly EventsFigures Good = new(
        new(100, Distribution.Of([15, 15, 500]), 0, 0), new(10_000, 5, 0, 0), new(10_000, 20, 0, 0), new(60, AtRest));

    [Fact]
    public void What_is_only_slow_is_no_complaint()
    {
        var slow = Good with
        {
            Inserts = Good.Inserts with { Milliseconds = Distribution.Of([500]) },
            Dispatch = Good.Dispatch with { Seconds = 500 },
            Ingest = Good.Ingest with { Seconds = 500 },
            Idle = new(60, [AtRest[0] with { Calls = 60 }]),
        };

        Assert.Empty(slow.Complaints);
        Assert.True(slow.Passed);
    }

    [Fact]
    public void What_is_lost_or_doubled_is_a_complaint_each()
    {
        (string Said, EventsFigures Figures)[] bad =
        [
            ("1 single events did not arrive", Good with { Inserts = Good.Inserts with { Lost = 1 } }),
            ("2 single events came more than once", Good with { Inserts = Good.Inserts with { Repeats = 2 } }),
            ("3 events of one statement did not arrive", Good with { Dispatch = Good.Dispatch with { Lost = 3 } }),
            ("4 messages came more than once", Good with { Ingest = Good.Ingest with { Repeats = 4 } }),
            ("5 messages of the limit did not arrive", Good with { LimitIngest = Good.Ingest with { Lost = 5 } }),
            ("cannot be counted", Good with { Idle = new(60, null) }),
        ];

        Assert.All(bad, one => Assert.Contains(one.Said, Assert.Single(one.Figures.Complaints)));
        Assert.True((Good with { Idle = null }).Passed);
    }

    [Fact]
    public async Task Every_event_and_message_is_seen_once_at_its_end()
    {
        await using var bot = new BotHost(database.ConnectionString, broker.ConnectionString);
        await using var api = new ApiHost(database.ConnectionString, broker.ConnectionString);
        foreach (var client in new[] { bot.CreateClient(), api.CreateClient() })
            await client.ReadyAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);

        var load = new EventsLoad(
            Rate: 50, Seconds: 1, Rows: 200, Correlations: 3, Messages: 100, IdleSeconds: 1, WarmUp: 20, Timeout: TimeSpan.FromSeconds(30));
        var figures = await new EventsRun(source, broker.ConnectionString, new(source, "\"OutboxMessage\""), load)
            .RunAsync((_, _) => new Progress<double>(), TestContext.Current.CancellationToken);

        Assert.Equal((50, 0, 0), (figures.Inserts.Milliseconds.Count, figures.Inserts.Lost, figures.Inserts.Repeats));
        Assert.Equal((200, 0, 0), (figures.Dispatch.Count, figures.Dispatch.Lost, figures.Dispatch.Repeats));
        Assert.Equal((100, 0, 0), (figures.Ingest.Count, figures.Ingest.Lost, figures.Ingest.Repeats));
        Assert.InRange(figures.Inserts.Milliseconds.P50!.Value, 0.1, 30_000);
        Assert.Equal(270L, await ScalarAsync(source, "select count(*) from events where channel = 'bench' and dispatched_at is not null"));
        Assert.Equal(120L, await ScalarAsync(source, "select count(*) from discord_messages"));
        Assert.Equal(120L, await ScalarAsync(
            source, "select count(*) from events where event_type = 'message.stored' and source = 'Games.Bot' and dispatched_at is not null"));
    }

    [Fact]
    public async Task A_message_that_comes_again_is_counted()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var listener = await EventListener.BindAsync(broker.ConnectionString, "events.again", ct);
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.ConnectionString) }.CreateConnectionAsync(ct);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);

        foreach (var id in new[] { 1, 2, 1 })
        {
            var properties = new BasicProperties { MessageId = $"00000000-0000-0000-0000-00000000000{id}" };
            await channel.BasicPublishAsync("events.again", "", mandatory: true, properties, ReadOnlyMemory<byte>.Empty, ct);
        }

        await Until.TrueAsync(() => listener.Received + listener.Repeats == 3, "three messages have come");
        Assert.Equal((2, 1), (listener.Received, listener.Repeats));
    }

    private static async Task<object?> ScalarAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
