using System.Net;
using System.Text.Json;
using Games.Contracts;
using Games.Data.Journal;
using Games.Tests.Api;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Games.Tests.Journal;

/// <summary>From an INSERT by anybody to the bus. Whoever must not find an event by looking, looks every hour.</summary>
public sealed class DispatchingTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>, IAsyncLifetime
{
    private readonly EventsTable events = new(database.ConnectionString);
    private readonly string channel = $"test-{Guid.NewGuid():n}";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => events.DisposeAsync();

    [Fact]
    public async Task An_event_without_a_contract_goes_to_the_exchange_of_its_channel_as_it_is()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync();
        var correlation = Guid.NewGuid();

        var id = await events.InsertAsync("order.paid", """{"by":"Anna's «card» 🎲","cents":1250}""", channel, correlation);

        await listener.HearsAsync(id);
        var (messageId, correlationId, message) = Assert.Single(listener.Heard);
        var published = Assert.IsType<EventPublished>(message);
        Assert.Equal((id, correlation), (messageId, correlationId));
        Assert.Equal((id, "order.paid", channel, correlation, "a test"), (published.Id, published.EventType, published.Channel, published.CorrelationId, published.Source));
        Assert.Equal(("Anna's «card» 🎲", 1250), (published.Payload.GetProperty("by").GetString(), published.Payload.GetProperty("cents").GetInt32()));
        Assert.InRange(published.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
    }

    [Fact]
    public async Task An_event_with_a_contract_becomes_its_message()
    {
        await using var listener = await ChannelListener.StartAsync(broker.ConnectionString, Exchanges.GameCreated);
        await using var api = await StartAsync();
        var game = AGame();

        var id = await events.InsertAsync("game.created", JsonSerializer.Serialize(game, JsonSerializerOptions.Web));

        await listener.HearsAsync(id);
        Assert.Equal(game, Assert.Single(listener.Heard, x => x.MessageId == id).Message);
    }

    [Fact]
    public async Task A_message_of_Discord_may_come_by_the_journal_too()
    {
        await using var listener = await ChannelListener.StartAsync(broker.ConnectionString, Exchanges.DiscordMessageReceived);
        await using var api = await StartAsync();

        var id = await events.InsertAsync("discord.message.received", """
            {"messageId":"600000000000000001","channelId":"200000000000000001","guildId":null,"authorId":"400000000000000001","authorName":"Anna",
             "content":"hello","sentAt":"2026-11-21T20:00:00+01:00","attachments":[{"url":"a.png"}]}
            """);
        var broken = await events.InsertAsync("discord.message.received", """{"messageId":"600000000000000002","embeds":7}""");

        await listener.HearsAsync(id);
        var message = Assert.IsType<DiscordMessageReceived>(Assert.Single(listener.Heard, x => x.MessageId == id).Message);
        Assert.Equal(("600000000000000001", "hello", "a.png"), (message.MessageId, message.Content, message.Attachments!.Single().GetProperty("url").GetString()));
        Assert.Contains("field \"embeds\" must be a list", await events.OutcomeAsync(broken));
    }

    [Theory]
    [InlineData("field \"title\" is missing", "title", null)]
    [InlineData("field \"title\" must be a text", "title", "7")]
    [InlineData("field \"title\" must be a text", "title", "null")]
    [InlineData("field \"maxPlayers\" must be a whole number", "maxPlayers", "\"5\"")]
    [InlineData("field \"maxPlayers\" must be a whole number", "maxPlayers", "5.5")]
    [InlineData("field \"gameId\" must be a uuid", "gameId", "\"no uuid\"")]
    [InlineData("field \"scheduledAt\" must be an RFC 3339 time with an offset", "scheduledAt", "\"2031-01-01T20:00:00\"")]
    [InlineData("field \"colour\" is unknown", "colour", "\"blue\"")]
    public async Task A_payload_that_breaks_its_contract_is_dead_at_once_and_holds_nobody_up(string error, string field, string? value)
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync();
        var payload = JsonSerializer.SerializeToNode(AGame(), JsonSerializerOptions.Web)!.AsObject();
        payload.Remove(field);
        if (value is not null)
            payload[field] = System.Text.Json.Nodes.JsonNode.Parse(value);

        var broken = await events.InsertAsync("game.created", payload.ToJsonString());
        var behind = await events.InsertAsync("test.event", channel: channel);

        await listener.HearsAsync(behind);
        Assert.StartsWith($"payload breaks the contract of game.created: {error}", await events.OutcomeAsync(broken));
        Assert.Equal(1, await events.ScalarAsync("select attempts from events where id = $1 and dead_at is not null", broken));
    }

    [Fact]
    public async Task Each_fault_of_a_payload_is_named()
    {
        await using var api = await StartAsync();

        var broken = await events.InsertAsync("game.created", """{"title":1,"colour":"blue"}""");

        var error = await events.OutcomeAsync(broken);
        Assert.All(["\"gameId\" is missing", "\"title\" must be a text", "\"maxPlayers\" is missing", "\"colour\" is unknown"], x => Assert.Contains(x, error));
    }

    [Fact]
    public async Task What_is_rolled_back_was_never_said()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync();

        await using (var connection = await events.OpenAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var insert = new NpgsqlCommand($"insert into events (event_type, payload, channel, source) values ('test.event', '{{}}', '{channel}', 'psql')", connection);
            await insert.ExecuteNonQueryAsync();
            await transaction.RollbackAsync();
        }

        var said = await events.InsertAsync("test.event", channel: channel);
        await listener.HearsAsync(said);
        Assert.Equal(said, Assert.Single(listener.Heard).MessageId);
    }

    [Fact]
    public async Task What_was_inserted_while_nobody_ran_is_dispatched_at_the_next_start()
    {
        await using var listener = await ListenAsync();
        var id = await events.InsertAsync("test.event", channel: channel);

        await using var api = await StartAsync();

        await listener.HearsAsync(id);
    }

    [Fact]
    public async Task Ten_thousand_rows_of_one_statement_all_leave_each_once_and_in_the_order_of_their_correlation()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync();

        await events.ScalarAsync($$"""
            insert into events (event_type, payload, channel, source, correlation_id)
            select 'test.event', jsonb_build_object('n', n), '{{channel}}', 'psql',
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
        for (var i = 0; i < 50; i++)
        {
            await events.ScalarAsync($$"""
                insert into events (event_type, payload, channel, source, correlation_id)
                select 'test.event', jsonb_build_object('n', n), '{{channel}}', 'psql', case when n % 10 = 0 then $1 end
                from generate_series({{i * 100 + 1}}, {{i * 100 + 100}}) n
                """, correlation);
        }

        await listener.HearsAsync(5_000);
        await Until.TrueAsync(async () => (long)(await events.ScalarAsync("""select count(*) from "OutboxMessage" """))! == 0, "the outbox is empty");
        var heard = listener.Heard;
        Assert.Equal((5_000, 5_000), (heard.Length, heard.Select(x => x.MessageId).Distinct().Count()));
        Assert.Equal(heard.Where(x => x.CorrelationId == correlation).Select(Number).Order(), heard.Where(x => x.CorrelationId == correlation).Select(Number));
    }

    [Fact]
    public async Task A_listener_whose_backend_is_terminated_is_not_ready_until_it_hears_again_and_has_missed_nothing()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync();
        using var client = api.CreateClient();
        Assert.Equal(1L, await events.ScalarAsync(Listening));

        // No new connection is let in, the others stay.
        await using (await RefusedConnections.ToAsync(database.ConnectionString))
        {
            await events.ScalarAsync("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'Games.Api events' and datname = current_database()");
            await Until.TrueAsync(async () => (await client.GetAsync("/health/ready")).StatusCode is HttpStatusCode.ServiceUnavailable, "it is not ready");
            Assert.Equal(HealthStatus.Unhealthy, await ListenerHealthAsync(api));
            await events.InsertAsync("test.event", channel: channel);
        }

        await Until.TrueAsync(async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode, "it is ready again");
        await events.InsertAsync("test.event", channel: channel);
        await listener.HearsAsync(2);
    }

    [Fact]
    public async Task A_line_that_is_silently_dead_is_found_out_within_the_keep_alive()
    {
        await using var line = CuttableLine.ToPostgres(database.ConnectionString, out var through);
        await using var listener = await ListenAsync();
        await using var api = await StartAsync(through, ("Journal:KeepAliveInterval", "00:00:01"), ("Journal:KeepAliveTimeout", "00:00:01"));
        using var client = api.CreateClient();

        line.Freeze();
        var missed = await events.InsertAsync("test.event", channel: channel);
        await Until.TrueAsync(async () => await ListenerHealthAsync(api) is HealthStatus.Unhealthy, "the loss is noticed", TimeSpan.FromSeconds(10));
        line.Cut();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health/ready")).StatusCode);
        line.Thaw();

        await listener.HearsAsync(missed);
        await Until.TrueAsync(async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode, "it is ready again");
    }

    [Fact]
    public async Task Whoever_looks_into_pg_stat_activity_sees_that_it_listens_at_any_time()
    {
        await using var api = await StartAsync(("Journal:KeepAliveInterval", "00:00:00.100"));
        Assert.Equal(1L, await events.ScalarAsync(Listening));

        await Until.TrueAsync(async () => (long)(await events.ScalarAsync($"{Listening} and query like '%SELECT%'"))! == 1, "it has looked at the table");
    }

    [Fact]
    public async Task Events_wait_for_a_broker_that_is_away()
    {
        await using var listener = await ListenAsync();
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        await using var api = new ApiHost(database.ConnectionString, through, settings: Hourly);
        using var client = api.CreateClient();
        await listener.HearsAsync(await events.InsertAsync("test.event", channel: channel));

        line.Freeze();
        line.Cut();
        var meanwhile = await events.InsertAsync("test.event", channel: channel);
        Assert.Null(await events.OutcomeAsync(meanwhile));
        line.Thaw();

        await listener.HearsAsync(meanwhile);
        Assert.Equal(2, listener.Heard.Length);
    }

    [Fact]
    public async Task A_channel_that_nobody_listens_to_leaves_nothing_behind_in_the_outbox()
    {
        await using var api = await StartAsync();

        var id = await events.InsertAsync("test.event", channel: channel);

        Assert.Null(await events.OutcomeAsync(id));
        await Until.TrueAsync(async () => (long)(await events.ScalarAsync("""select count(*) from "OutboxMessage" where "MessageId" = $1""", id))! == 0, "it has left");
        Assert.DoesNotContain(api.Log.Lines, x => x.Contains($"{id}") && x.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_WaitForQueue_it_is_kept_until_somebody_listens()
    {
        await using var api = await StartAsync(("Journal:WaitForQueue", "true"), ("Outbox:UnroutableDelay", "00:00:00.200"));
        var id = await events.InsertAsync("test.event", channel: channel);
        await Until.TrueAsync(async () => await events.ScalarAsync("""select "LastError" from "OutboxMessage" where "MessageId" = $1""", id) is string, "it is returned");

        await using var listener = await ListenAsync();

        await listener.HearsAsync(id);
    }

    [Fact]
    public async Task An_event_whose_message_cannot_be_saved_is_tried_again_and_holds_nobody_up()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync(("Journal:MaxAttempts", "2"), ("Journal:RetryDelay", "00:00:01"));
        await events.ScalarAsync("""
            create or replace function refuse_poison() returns trigger language plpgsql as $$
            begin
                if new."Body" like '%poison%' then raise check_violation using message = 'this is poison'; end if;
                return new;
            end $$;
            create or replace trigger refuse_poison before insert on "OutboxMessage" for each row execute function refuse_poison()
            """);

        await events.ScalarAsync($$"""
            insert into events (event_type, payload, channel, source)
            select 'test.event', jsonb_build_object('n', n, 'drink', case when n = 5 then 'poison' else 'water' end), '{{channel}}', 'psql' from generate_series(1, 20) n
            """);

        await listener.HearsAsync(19);
        var poison = (Guid)(await events.ScalarAsync("select id from events where channel = $1 and payload ->> 'drink' = 'poison'", channel))!;
        Assert.Contains("this is poison", await events.OutcomeAsync(poison));
        Assert.Equal(2, await events.ScalarAsync("select attempts from events where id = $1 and dead_at is not null", poison));
    }

    [Fact]
    public async Task A_mebibyte_goes_through()
    {
        await using var listener = await ListenAsync();
        await using var api = await StartAsync(("Journal:BatchBytes", "1500000"));

        // Of random text, which the table cannot shorten: batches of two.
        await events.ScalarAsync($$"""
            insert into events (event_type, payload, channel, source)
            select 'test.event', jsonb_build_object('n', n, 'text', (select string_agg(md5(random()::text || n || i), '') from generate_series(1, 32768) i)), '{{channel}}', 'psql'
            from generate_series(1, 5) n
            """);

        await listener.HearsAsync(5);
        Assert.All(listener.Heard, x => Assert.Equal(1024 * 1024, ((EventPublished)x.Message).Payload.GetProperty("text").GetString()!.Length));
    }

    private const string Listening =
        "select count(*) from pg_stat_activity where application_name = 'Games.Api events' and datname = current_database() and query like '%LISTEN events%'";

    private static readonly (string, string)[] Hourly = [("Journal:KeepAliveInterval", "01:00:00"), ("Journal:PollInterval", "01:00:00")];

    // Of the listener alone: a database that is away makes the service unready by itself.
    private static async Task<HealthStatus> ListenerHealthAsync(ApiHost api) =>
        (await api.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name == EventJournal.HealthCheckName)).Status;

    private static GameCreated AGame() => new(
        Guid.CreateVersion7(), "100000000000000001", "200000000000000001", "300000000000000001", "Friday raid", new(2131, 1, 1, 19, 0, 0, TimeSpan.Zero), 5);

    private static int Number((Guid? MessageId, Guid? CorrelationId, object Message) heard) => ((EventPublished)heard.Message).Payload.GetProperty("n").GetInt32();

    private Task<ChannelListener> ListenAsync() => ChannelListener.StartAsync(broker.ConnectionString, $"events.{channel}");

    private Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) => StartAsync(database.ConnectionString, settings);

    private async Task<ApiHost> StartAsync(string connectionString, params (string Key, string Value)[] settings)
    {
        var api = new ApiHost(connectionString, broker.ConnectionString, settings: [.. Hourly, .. settings]);
        using var client = api.CreateClient();
        await Until.TrueAsync(async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode, "it is ready");
        return api;
    }
}
