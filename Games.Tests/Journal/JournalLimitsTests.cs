using System.Net;
using System.Text.Json.Nodes;
using Games.Data;
using Games.Journal;
using Games.Tests.Api;
using Games.Tests.Servers;
using Microsoft.EntityFrameworkCore;

namespace Games.Tests.Journal;

/// <summary>What a batch, a look and a wait may take, whatever a row holds. Tests own the rows of their channel.</summary>
public sealed class JournalLimitsTests(TestDatabase database, TestBroker broker)
    : IClassFixture<TestDatabase>, IClassFixture<TestBroker>, IAsyncLifetime
{
    private readonly EventsTable _events = new(database.ConnectionString);
    private readonly string _channel = $"test-{Guid.NewGuid():n}";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _events.DisposeAsync();

    [Theory]
    [InlineData("")]
    // As of before the table measured them.
    [InlineData("alter table events disable trigger events_measure")]
    public async Task A_batch_ends_by_what_the_process_will_hold_and_not_by_what_the_table_makes_of_it(string before)
    {
        if (before.Length > 0)
            await _events.ScalarAsync(before);
        await _events.ScalarAsync($$"""
            insert into events (event_type, payload, channel, source)
            select 'x.y', jsonb_build_object('t', repeat('a', 1000000)), '{{_channel}}', 'psql' from generate_series(1, 40)
            """);
        await _events.ScalarAsync("alter table events enable trigger events_measure");
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(database.ConnectionString).Options);
        await using var transaction = await db.Database.BeginTransactionAsync();

        var (claimed, due) = await new JournalStore(new() { BatchBytes = 1024 * 1024 }).ClaimAsync(db, null, default);

        Assert.Equal((2, 40), (claimed.Count, due));
        await transaction.RollbackAsync();
        await _events.ScalarAsync("delete from events where channel = $1", _channel);
    }

    [Theory]
    [InlineData("infinity")]
    [InlineData("-infinity")]
    [InlineData("9999-01-01")]
    [InlineData("294276-01-01")]
    public async Task A_row_that_waits_for_a_time_beyond_all_clocks_holds_up_nobody(string time)
    {
        // From before the rule that refuses it.
        await _events.ScalarAsync("alter table events drop constraint ck_events_next_attempt_at_is_of_the_years_2000_to_9999");
        try
        {
            await using var listener = await ChannelListener.StartAsync(broker.ConnectionString, $"events.{_channel}");
            await _events.ScalarAsync(
                "insert into events (event_type, payload, channel, source, next_attempt_at) "
                    + $"values ('test.event', '{{}}', 'never', 'psql', '{time}')");
            await using var api = await JournalApi.StartAsync(database.ConnectionString, broker.ConnectionString);
            using var client = api.CreateClient();

            for (var i = 0; i < 20; i++)
                await _events.InsertAsync("test.event", channel: _channel);

            await listener.HearsAsync(20);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/ready")).StatusCode);
            Assert.DoesNotContain(api.Log.Lines, line => line.StartsWith("Warning: Journal:", StringComparison.Ordinal));
        }
        finally
        {
            await _events.ScalarAsync("delete from events where channel = 'never'");
            await _events.ScalarAsync(
                "alter table events add constraint ck_events_next_attempt_at_is_of_the_years_2000_to_9999 check (next_attempt_at < '9999-12-31')");
        }
    }

    [Theory]
    [InlineData("type=test.rare")]
    [InlineData("channel={0}")]
    [InlineData("channel={0}&state=dispatched")]
    [InlineData("type=test.rare&correlationId=7f3c9b1e-52a4-4c1f-9a3f-0d3f6a1b2c3d", 1)]
    [InlineData("type=test.rare&state=dead", 1)]
    public async Task A_list_by_a_rare_filter_goes_through_so_many_events_a_page_and_on_by_its_cursor(string filter, int pages = 3)
    {
        var isDead = filter.Contains("dead");
        var rare = (Guid)(await _events.ScalarAsync(
            "insert into events (event_type, payload, channel, source, created_at, dispatched_at, dead_at, last_error, correlation_id) "
            + $"values ('test.rare', '{{}}', $1, 'psql', now() - interval '1 day', {Now(!isDead)}, {Now(isDead)}, 'none', "
            + "'7f3c9b1e-52a4-4c1f-9a3f-0d3f6a1b2c3d') returning id",
            _channel))!;
        if ((long)(await _events.ScalarAsync("select count(*) from events where channel = 'frequent'"))! == 0)
        {
            await _events.ScalarAsync($$"""
                insert into events (event_type, payload, channel, source, dispatched_at)
                select 'test.frequent', '{}', 'frequent', 'psql', now() from generate_series(1, {{2 * EventScan.Limit}})
                """);
        }

        await using var host = new ApiHost(database.ConnectionString, settings: ("Journal:Dispatch", "false"));
        using var api = host.CreateClient();
        var found = new List<Guid>();
        var looks = 0;
        for (var cursor = ""; cursor is not null; looks++)
        {
            var page = JsonNode.Parse(await api.GetStringAsync($"/events?{filter.Replace("{0}", _channel)}{cursor}"))!;
            found.AddRange(page["items"]!.AsArray().Select(x => (Guid)x!["id"]!));
            cursor = (string?)page["nextCursor"] is { } next ? $"&cursor={next}" : null;
        }

        Assert.Equal((rare, pages), (Assert.Single(found), looks));
        await _events.ScalarAsync("delete from events where id = $1", rare);

        static string Now(bool isSet) => isSet ? "now()" : "null::timestamptz";
    }

    [Fact]
    public async Task Requests_that_wait_for_the_database_cost_no_event_its_way()
    {
        await using var listener = await ChannelListener.StartAsync(broker.ConnectionString, $"events.{_channel}");
        await using var api = await JournalApi.StartAsync(database.ConnectionString, broker.ConnectionString);
        using var client = api.CreateClient();
        await using var connection = await _events.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var hold = new Npgsql.NpgsqlCommand("lock table games in access exclusive mode", connection);
        await hold.ExecuteNonQueryAsync();

        var waiting = Enumerable.Range(0, 60).Select(_ => client.GetAsync("/games")).ToArray();
        await Until.TrueAsync(async () => await BlockedAsync() >= 30, "requests hold their connections");
        await listener.HearsAsync(await _events.InsertAsync("test.event", channel: _channel));

        Assert.DoesNotContain(waiting, x => x is { IsCompletedSuccessfully: true, Result.IsSuccessStatusCode: true });
        // Nor was it heard because they were given up meanwhile.
        Assert.InRange(await BlockedAsync(), 30, long.MaxValue);
        await transaction.RollbackAsync();
        await Task.WhenAll(waiting);

        async Task<long> BlockedAsync() => (long)(await _events.ScalarAsync(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"))!;
    }
}
