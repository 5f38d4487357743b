using System.Text.Json;
using Games.AppHost.Servers;
using Games.Tests.Api;
using Games.Tests.Journal;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Ops;

/// <summary>What a person sees who follows the journal. Each test has a channel of its own.</summary>
public sealed class TailTests(TestDatabase database, TestServers servers) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly EventsTable _events = new(database.ConnectionString);
    private readonly string _channel = $"test-{Guid.NewGuid():n}";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _events.DisposeAsync();

    [Fact]
    public async Task Each_event_is_a_line_from_its_commit_on_and_those_before_the_start_are_none()
    {
        await _events.InsertAsync("test.before", channel: _channel);
        await using var tail = await FollowAsync("--channel", _channel);

        var said = await _events.InsertAsync("test.event", """{"hello":"it's «müßig»"}""", _channel);
        await _events.InsertAsync("test.event", channel: "another");
        // As the services record what is on its way already: nobody tells of it.
        await _events.ScalarAsync(
            "insert into events (event_type, payload, channel, source, dispatched_at) values ('test.recorded', '{}', $1, 'a test', now())", _channel);

        var lines = await tail.ShowsAsync(2);
        Assert.StartsWith($"{said}  ", lines[0]);
        Assert.EndsWith($"  test.event  {_channel}  a test  pending  " + """{"hello": "it's «müßig»"}""", lines[0]);
        Assert.Contains($"  test.recorded  {_channel}  a test  dispatched  ", lines[1]);
        Assert.Equal(0, await tail.InterruptAsync());
        Assert.Equal(2, tail.Output.Length);
    }

    [Fact]
    public async Task What_becomes_of_an_event_is_a_line_of_its_own_and_an_object_as_the_api_answers_it()
    {
        await using var tail = await FollowAsync("--channel", _channel);
        await using var json = await FollowAsync("--channel", _channel, "--json");
        var good = await _events.InsertAsync("test.event", """{"it":"it's"}""", _channel);
        var bad = await _events.InsertAsync("test.event", channel: _channel);
        await Task.WhenAll(tail.ShowsAsync(2), json.ShowsAsync(2));

        await _events.ScalarAsync("update events set dispatched_at = now() where id = $1", good);
        await Task.WhenAll(tail.ShowsAsync(3), json.ShowsAsync(3));
        await _events.ScalarAsync("update events set dead_at = now(), last_error = 'nobody wants it', attempts = 1 where id = $1", bad);

        var lines = await tail.ShowsAsync(4);
        Assert.StartsWith($"{good}  ", lines[2]);
        Assert.EndsWith($"  test.event  {_channel}  a test  dispatched", lines[2]);
        Assert.StartsWith($"{bad}  ", lines[3]);
        Assert.EndsWith("  dead: nobody wants it", lines[3]);
        var objects = await json.ShowsAsync(4);
        Assert.Contains("it's", objects[0]);
        await using var api = new ApiHost(database.ConnectionString, settings: ("Journal:Dispatch", "false"));
        using var client = api.CreateClient();
        foreach (var (id, shown) in new[] { (good, objects[2]), (bad, objects[3]) })
            Assert.True(JsonElement.DeepEquals(JsonElement.Parse(await client.GetStringAsync($"/events/{id}")), JsonElement.Parse(shown)), shown);
        Assert.Contains("it's", await client.GetStringAsync($"/events/{good}"));
        var listed = JsonElement.Parse(await client.GetStringAsync($"/events?channel={_channel}")).GetProperty("items");
        Assert.Equal(["dead", "dispatched"], listed.EnumerateArray().Select(x => x.GetProperty("state").GetString()));
        Assert.Equal((4, 4), (tail.Output.Length, json.Output.Length));
    }

    [Fact]
    public async Task A_star_in_the_type_stands_for_any_text_and_an_underscore_for_itself()
    {
        await using var tail = await FollowAsync("--channel", _channel, "--type", "test_a.*");
        await using var nothing = await FollowAsync("--channel", _channel, "--type", "test_a._");
        var found = new List<Guid>();
        foreach (var (type, isFound) in new[] { ("test_a.one", true), ("testxa.two", false), ("test_a", false), ("test_a.b.three", true) })
        {
            var id = await _events.InsertAsync(type, channel: _channel);
            if (isFound)
                found.Add(id);
        }

        await tail.ShowsAsync(2);
        Assert.Equal(found, tail.Output.Select(x => Guid.Parse(x[..36])));
        Assert.Equal(0, await nothing.InterruptAsync());
        Assert.Empty(nothing.Output);
        Assert.DoesNotContain(nothing.Errors, x => x.Contains("lost"));
    }

    [Fact]
    public async Task A_lower_number_that_commits_after_a_higher_one_is_shown_and_nothing_twice()
    {
        await using var early = await _events.OpenAsync();
        await using var before = await early.BeginTransactionAsync();
        var first = await InsertAsync(early, dispatched: true);
        await using var tail = await FollowAsync("--channel", _channel, "--type", "test.event");
        await using var late = await _events.OpenAsync();
        await using var slow = await late.BeginTransactionAsync();
        var lower = await InsertAsync(late, dispatched: true);

        // Looks go by, and a transaction that is over lies behind each.
        var higher = new List<Guid>();
        for (var i = 1; i <= 4; i++)
        {
            higher.Add(await _events.InsertAsync("test.event", channel: _channel));
            await tail.ShowsAsync(i);
            await WaitForDatabaseAsync(seconds: 1.2);
        }

        await slow.CommitAsync();
        await tail.ShowsAsync(5);
        await before.CommitAsync();
        await tail.ShowsAsync(6);
        var last = await _events.InsertAsync("test.event", channel: _channel);
        await tail.ShowsAsync(7);

        Assert.Equal([.. higher, lower, first, last], tail.Output.Select(x => Guid.Parse(x[..36])));
    }

    [Fact]
    public async Task What_says_an_older_time_is_shown_too_and_once()
    {
        await using var tail = await FollowAsync("--channel", _channel);

        var old = (Guid)(await _events.ScalarAsync(
            "insert into events (event_type, payload, channel, source, created_at) "
            + "values ('test.event', '{}', $1, 'a test', '2001-01-01 00:00:00+00') returning id", _channel))!;
        await tail.ShowsAsync(1);
        await WaitForDatabaseAsync(seconds: 3);
        var next = await _events.InsertAsync("test.event", channel: _channel);
        await tail.ShowsAsync(2);

        Assert.Equal([old, next], tail.Output.Select(x => Guid.Parse(x[..36])));
    }

    [Fact]
    public async Task Thousands_of_one_statement_are_each_an_object_and_in_order()
    {
        await using var tail = await FollowAsync("--channel", _channel, "--json");

        await _events.ScalarAsync(
            "insert into events (event_type, payload, channel, source, correlation_id) "
            + "select 'test.event', jsonb_build_object('n', n), $1, 'a test', uuid_v7() from generate_series(1, 2000) n",
            _channel);

        var lines = (await tail.ShowsAsync(2_000)).Select(x => JsonElement.Parse(x)).ToArray();
        Assert.Equal(Enumerable.Range(1, 2_000), lines.Select(x => x.GetProperty("payload").GetProperty("n").GetInt32()));
        Assert.Equal(("test.event", _channel, "pending"), (Text("eventType"), Text("channel"), Text("state")));
        Assert.All(["id", "correlationId", "createdAt", "source"], x => Assert.NotNull(Text(x)));

        string? Text(string name) => lines[0].GetProperty(name).GetString();
    }

    [Fact]
    public async Task Large_events_that_come_at_once_are_each_shown_once()
    {
        await using var tail = await FollowAsync("--channel", _channel);

        await _events.ScalarAsync(
            "insert into events (event_type, payload, channel, source) "
            + "select 'test.event', jsonb_build_object('t', repeat('a', 3000000)), $1, 'a test' from generate_series(1, 10)",
            _channel);
        var last = await _events.InsertAsync("test.event", channel: _channel);

        var lines = await tail.ShowsAsync(11);
        Assert.StartsWith($"{last}", lines[10]);
        Assert.Equal(11, lines.Distinct().Count());
    }

    [Fact]
    public async Task A_backend_that_is_terminated_and_a_server_that_starts_anew_cost_nothing()
    {
        await using var server = new PostgresServer(servers.DirectoryOf("tailed-postgres"));
        await server.StartAsync(TestContext.Current.CancellationToken);
        var own = await server.CreateDatabaseAsync("games");
        await Migrations.ApplyAsync(own);
        NpgsqlConnection.ClearAllPools();
        await using var journal = new EventsTable($"{own};Pooling=false");
        await using var tail = RunningVerb.Start(own, "tail", "--channel", _channel);
        await tail.SaysAsync("Following the journal.");
        var said = new List<Guid> { await journal.InsertAsync("test.event", channel: _channel) };
        await tail.ShowsAsync(1);

        Assert.Equal(
            1L, await journal.ScalarAsync("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'Games.Ops tail'"));
        said.Add(await journal.InsertAsync("test.event", channel: _channel));
        await tail.SaysAsync("The connection is lost");
        await tail.ShowsAsync(2);

        server.Kill();
        await Until.TrueAsync(
            () => tail.Errors.Count(x => x.StartsWith("The connection is lost", StringComparison.Ordinal)) >= 3, "it tries in vain");
        await server.StartAsync(TestContext.Current.CancellationToken);
        said.Add(await journal.InsertAsync("test.event", channel: _channel));
        await tail.ShowsAsync(3);

        Assert.Equal(said, tail.Output.Select(x => Guid.Parse(x[..36])));
        Assert.Equal(0, await tail.InterruptAsync());
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task It_ends_well_when_it_is_told_to_before_it_follows(string signal)
    {
        await using var tail = RunningVerb.Start(database.ConnectionString, "tail", "--channel", _channel);
        await tail.LoadsAsync("Npgsql.dll");

        await tail.SendAsync(signal);

        Assert.Equal(0, await tail.EndsAsync());
    }

    [Fact]
    public async Task It_ends_well_where_the_machine_has_no_time_for_its_end()
    {
        await using var tail = await FollowAsync("--channel", _channel);

        await tail.SendAsync("INT");
        await tail.SendAsync("STOP");
        await WaitForDatabaseAsync(seconds: 3);
        await tail.SendAsync("CONT");

        Assert.Equal(0, await tail.EndsAsync());
    }

    private async Task<RunningVerb> FollowAsync(params string[] options)
    {
        var tail = RunningVerb.Start(database.ConnectionString, ["tail", .. options]);
        await tail.SaysAsync("Following the journal.");
        return tail;
    }

    private async Task<Guid> InsertAsync(NpgsqlConnection connection, bool dispatched)
    {
        await using var insert = new NpgsqlCommand(
            $"insert into events (event_type, payload, channel, source, dispatched_at) "
            + $"values ('test.event', '{{}}', '{_channel}', 'a test', {(dispatched ? "now()" : "null")}) returning id", connection);
        return (Guid)(await insert.ExecuteScalarAsync())!;
    }

    /// <summary>By its clock, which the tail goes by.</summary>
    private async Task WaitForDatabaseAsync(double seconds)
    {
        var start = (DateTime)(await _events.ScalarAsync("select clock_timestamp()"))!;
        await Until.TrueAsync(
            async () => (DateTime)(await _events.ScalarAsync("select clock_timestamp()"))! > start.AddSeconds(seconds), "time goes by");
    }
}
