using Games.Contracts;
using Games.Tests.Api;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Journal;

/// <summary>From an INSERT by anybody to the bus. Whoever must not find an event by looking, looks every hour.</summary>
public sealed class DispatchingTests(TestDatabase database, TestBroker broker)
    : IClassFixture<TestDatabase>, IClassFixture<TestBroker>, IAsyncLifetime
{
    private readonly EventsTable _events = new(database.ConnectionString);
    private readonly string _channel = $"test-{Guid.NewGuid():n}";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _events.DisposeAsync();

    [Fact]
    public async Task An_event_without_a_contract_goes_to_the_exchange_of_its_channel_as_it_is()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync();
        var correlation = Guid.NewGuid();

        var id = await _events.InsertAsync("order.paid", """{"by":"Anna's «card» 🎲","cents":1250}""", _channel, correlation);

        await listener.HearsAsync(id);
        var (messageId, correlationId, message) = Assert.Single(listener.Heard);
        var published = Assert.IsType<EventPublished>(message);
        Assert.Equal((id, correlation), (messageId, correlationId));
        Assert.Equal(
            (id, "order.paid", _channel, correlation, "a test"),
            (published.Id, published.EventType, published.Channel, published.CorrelationId, published.Source));
        Assert.Equal("Anna's «card» 🎲", published.Payload.GetProperty("by").GetString());
        Assert.Equal(1250, published.Payload.GetProperty("cents").GetInt32());
        Assert.InRange(published.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
    }

    [Fact]
    public async Task What_is_rolled_back_was_never_said()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync();

        await using (var connection = await _events.OpenAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var insert = new NpgsqlCommand(
                $"insert into events (event_type, payload, channel, source) values ('test.event', '{{}}', '{_channel}', 'psql')", connection);
            await insert.ExecuteNonQueryAsync();
            await transaction.RollbackAsync();
        }

        var said = await _events.InsertAsync("test.event", channel: _channel);
        await listener.HearsAsync(said);
        Assert.Equal(said, Assert.Single(listener.Heard).MessageId);
    }

    [Fact]
    public async Task What_was_inserted_while_nobody_ran_is_dispatched_at_the_next_start()
    {
        await using var listener = await ListenAsync();
        var id = await _events.InsertAsync("test.event", channel: _channel);

        await using var api = await StartAsync();

        await listener.HearsAsync(id);
    }

    [Fact]
    public async Task Ten_thousand_rows_of_one_statement_all_leave_each_once_and_in_the_order_of_their_correlation()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync();

        await _events.ScalarAsync($$"""
            insert into events (event_type, payload, channel, source, correlation_id)
            select 'test.event', jsonb_build_object('n', n), '{{_channel}}', 'psql',
                case when n % 5 = 0 then ('00000000-0000-0000-0000-0000000000' || lpad((n % 50)::text, 2, '0'))::uuid end
            from generate_series(1, 10000) n
            """);

        await listener.HearsAsync(10_000);
        var heard = listener.Heard;
        Assert.Equal(10_000, heard.Select(x => x.MessageId).Distinct().Count());
        Assert.Equal(10_000, heard.Length);
        Assert.Equal(11, heard.GroupBy(x => x.CorrelationId).Count());
        Assert.All(heard.Where(x => x.CorrelationId is not null).GroupBy(x => x.CorrelationId), one =>
            Assert.Equal(one.Select(Number).Order(), one.Select(Number)));
    }

    [Fact]
    public async Task Two_dispatchers_that_race_say_each_event_once_and_keep_the_order_of_a_correlation()
    {
        await using var listener = await ListenAsync();
        await using var one = await StartAsync(("Journal:BatchLimit", "50"));
        await using var other = await StartAsync(("Journal:BatchLimit", "50"));

        var correlation = Guid.NewGuid();
        for (var i = 0; i < 25; i++)
        {
            await _events.ScalarAsync($$"""
                insert into events (event_type, payload, channel, source, correlation_id)
                select 'test.event', jsonb_build_object('n', n), '{{_channel}}', 'psql', case when n % 10 = 0 then $1 end
                from generate_series({{i * 100 + 1}}, {{i * 100 + 100}}) n
                """, correlation);
        }

        await listener.HearsAsync(2_500);
        await Until.TrueAsync(
            async () => (long)(await _events.ScalarAsync("""select count(*) from "OutboxMessage" """))! == 0, "the outbox is empty");
        var heard = listener.Heard;
        Assert.Equal((2_500, 2_500), (heard.Length, heard.Select(x => x.MessageId).Distinct().Count()));
        Assert.Equal(
            heard.Where(x => x.CorrelationId == correlation).Select(Number).Order(), heard.Where(x => x.CorrelationId == correlation).Select(Number));
    }

    [Fact]
    public async Task Events_wait_for_a_broker_that_is_away()
    {
        await using var listener = await ListenAsync();
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        await using var api = new ApiHost(database.ConnectionString, through, settings: JournalApi.Hourly);
        using var client = api.CreateClient();
        var first = await _events.InsertAsync("test.event", channel: _channel);
        await listener.HearsAsync(first);
        // What is heard is not confirmed yet, and what is not confirmed is published again.
        await HasLeftAsync(first);

        line.Freeze();
        line.Cut();
        var meanwhile = await _events.InsertAsync("test.event", channel: _channel);
        Assert.Null(await _events.OutcomeAsync(meanwhile));
        line.Thaw();

        await listener.HearsAsync(meanwhile);
        Assert.Equal(2, listener.Heard.Length);
    }

    [Fact]
    public async Task A_channel_that_nobody_listens_to_leaves_nothing_behind_in_the_outbox()
    {
        await using var api = await StartAsync();

        var id = await _events.InsertAsync("test.event", channel: _channel);

        Assert.Null(await _events.OutcomeAsync(id));
        await HasLeftAsync(id);
        Assert.DoesNotContain(api.Log.Lines, x => x.Contains($"{id}") && x.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_WaitForQueue_it_is_kept_until_somebody_listens()
    {
        await using var api = await StartAsync(("Journal:WaitForQueue", "true"), ("Outbox:UnroutableDelay", "00:00:00.200"));
        var id = await _events.InsertAsync("test.event", channel: _channel);
        await Until.TrueAsync(
            async () => await _events.ScalarAsync("""select "LastError" from "OutboxMessage" where "MessageId" = $1""", id) is string,
            "it is returned");

        await using var listener = await ListenAsync();

        await listener.HearsAsync(id);
    }

    [Fact]
    public async Task An_event_whose_message_cannot_be_saved_is_tried_again_and_holds_nobody_up()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync(("Journal:MaxAttempts", "2"), ("Journal:RetryDelay", "00:00:01"));
        await _events.ScalarAsync("""
            create or replace function refuse_poison() returns trigger language plpgsql as $$
            begin
                if new."Body" like '%poison%' then raise check_violation using message = 'this is poison'; end if;
                return new;
            end $$;
            create or replace trigger refuse_poison before insert on "OutboxMessage" for each row execute function refuse_poison()
            """);

        await _events.ScalarAsync($$"""
            insert into events (event_type, payload, channel, source)
            select 'test.event', jsonb_build_object('n', n, 'drink', case when n = 5 then 'poison' else 'water' end), '{{_channel}}', 'psql'
            from generate_series(1, 20) n
            """);

        await listener.HearsAsync(19);
        var poison = (Guid)(await _events.ScalarAsync("select id from events where channel = $1 and payload ->> 'drink' = 'poison'", _channel))!;
        Assert.Contains("this is poison", await _events.OutcomeAsync(poison));
        Assert.Equal(2, await _events.ScalarAsync("select attempts from events where id = $1 and dead_at is not null", poison));
    }

    [Fact]
    public async Task A_mebibyte_goes_through()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync(("Journal:BatchBytes", "1500000"));

        // Of random text, which the table cannot shorten: batches of two.
        await _events.ScalarAsync($$"""
            insert into events (event_type, payload, channel, source)
            select 'test.event',
                jsonb_build_object('n', n, 'text', (select string_agg(md5(random()::text || n || i), '') from generate_series(1, 32768) i)),
                '{{_channel}}', 'psql'
            from generate_series(1, 5) n
            """);

        await listener.HearsAsync(5);
        Assert.All(listener.Heard, x => Assert.Equal(1024 * 1024, ((EventPublished)x.Message).Payload.GetProperty("text").GetString()!.Length));
    }

    private Task HasLeftAsync(Guid id) => Until.TrueAsync(
        async () => (long)(await _events.ScalarAsync("""select count(*) from "OutboxMessage" where "MessageId" = $1""", id))! == 0, "it has left");

    private static int Number((Guid? MessageId, Guid? CorrelationId, object Message) heard) =>
        ((EventPublished)heard.Message).Payload.GetProperty("n").GetInt32();

    private Task<ChannelListener> ListenAsync() => ChannelListener.StartAsync(broker.ConnectionString, $"events.{_channel}");

    private Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) =>
        JournalApi.StartAsync(database.ConnectionString, broker.ConnectionString, settings);
}
