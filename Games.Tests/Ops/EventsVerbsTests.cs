extern alias Ops;

using Games.AppHost.Servers;
using Games.Tests.Api;
using Games.Tests.Journal;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Ops;

/// <summary>The verbs as a person types them: a process of its own, with the database and nothing else.</summary>
public sealed class EventsVerbsTests(TestDatabase database, TestServers servers) : IClassFixture<TestDatabase>
{
    private static readonly string Assembly = typeof(Ops::Program).Assembly.Location;

    [Fact]
    public async Task What_is_published_is_listed_and_shown()
    {
        var said = await RunAsync("", "publish", "test.event", "--payload", """{"hello":"it's «müßig»"}""", "--source", "test");
        var id = Guid.Parse(Assert.Single(said.Output));

        Assert.Equal(0, said.ExitCode);
        Assert.Contains(
            (await RunAsync("", "list", "--type", "test.event")).Output,
            x => x.StartsWith($"{id}", StringComparison.Ordinal) && x.EndsWith("pending", StringComparison.Ordinal));
        Assert.Contains((await RunAsync("", "show", $"{id}")).Output, x => x.Contains("\"hello\""));
        await using var events = new EventsTable(database.ConnectionString);
        Assert.Equal("it's «müßig»", await events.ScalarAsync("select payload ->> 'hello' from events where id = $1", id));
    }

    [Fact]
    public async Task A_star_in_the_type_stands_for_any_text_and_nothing_else_does()
    {
        var ids = new List<string>();
        foreach (var type in new[] { "star_one.a", "star_one.b", "starxone.c" })
            ids.AddRange((await RunAsync("", "publish", type, "--payload", "{}", "--source", "test")).Output);

        Assert.Equal([ids[1], ids[0]], await ListedAsync("star_one.*"));
        Assert.Empty(await ListedAsync("star_one._"));

        async Task<IEnumerable<string>> ListedAsync(string type)
        {
            var listed = await RunAsync("", "list", "--type", type);
            Assert.Equal(0, listed.ExitCode);
            return listed.Output.Select(line => line.Split(' ')[0]);
        }
    }

    [Fact]
    public async Task A_list_may_be_of_one_correlation()
    {
        var correlation = Guid.NewGuid();
        await RunAsync("", "publish", "of.none", "--source", "test");
        var ids = new List<string>();
        foreach (var _ in Enumerable.Range(0, 2))
            ids.AddRange((await RunAsync("", "publish", "of.one", "--source", "test", "--correlation-id", $"{correlation}")).Output);

        var listed = await RunAsync("", "list", "--correlation-id", $"{correlation}");

        Assert.Equal([ids[1], ids[0]], listed.Output.Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task A_list_of_nothing_says_so_beside_its_lines()
    {
        var listed = await RunAsync("", "list", "--correlation-id", $"{Guid.NewGuid()}");

        Assert.Equal((0, "No such events."), (listed.ExitCode, Assert.Single(listed.Errors)));
        Assert.Empty(listed.Output);
    }

    [Theory]
    [InlineData("list", "star%")]
    [InlineData("list", @"star_one.\")]
    [InlineData("list", "STAR_ONE.*")]
    [InlineData("list", "")]
    [InlineData("tail", "BAD!")]
    public async Task A_type_that_no_event_can_have_is_refused(string verb, string type)
    {
        var outcome = await RunAsync("", verb, "--type", type);

        Assert.Equal(1, outcome.ExitCode);
        Assert.StartsWith("--type must be dotted lower-case words", Assert.Single(outcome.Errors));
    }

    [Fact]
    public async Task What_is_dead_is_tried_again_or_discarded()
    {
        var ids = new List<Guid>();
        foreach (var _ in Enumerable.Range(0, 3))
            ids.Add(Guid.Parse((await RunAsync("", "publish", "once.dead", "--source", "test")).Output[0]));
        await using var events = new EventsTable(database.ConnectionString);
        await events.ScalarAsync("update events set dead_at = now(), last_error = 'why', attempts = 10 where event_type = 'once.dead' returning 1");
        await using var listener = await ListeningAsync();

        Assert.Equal([$"Event {ids[0]} is discarded."], (await RunAsync("", "discard", $"{ids[0]}")).Output);
        Assert.Equal([$"Event {ids[1]} is tried again."], (await RunAsync("", "retry", $"{ids[1]}")).Output);
        await listener.WaitAsync(TestContext.Current.CancellationToken);
        // Its neighbours leave dead ones too.
        var dead = (long)(await events.ScalarAsync("select count(*) from events where dead_at is not null"))!;
        Assert.Equal(
            [$"Tried again: {dead} dead event{(dead == 1 ? "" : "s")}."], (await RunAsync("", "retry", "--all")).Output);

        Assert.Equal(2L, await events.ScalarAsync("select count(*) from events where event_type = 'once.dead' and dead_at is null and attempts = 0"));
        foreach (var verb in new[] { "retry", "discard" })
        {
            var refused = await RunAsync("", verb, $"{ids[1]}");
            Assert.Equal((1, $"There is no event {ids[1]} in the journal, or it is not dead."), (refused.ExitCode, Assert.Single(refused.Errors)));
        }
    }

    [Fact]
    public async Task A_list_is_of_one_state_if_it_is_told_to_be()
    {
        var ids = new List<Guid>();
        foreach (var _ in Enumerable.Range(0, 3))
            ids.Add(Guid.Parse((await RunAsync("", "publish", "one.state", "--source", "test")).Output[0]));
        await using var events = new EventsTable(database.ConnectionString);
        await events.ScalarAsync("update events set dispatched_at = now() where id = $1 returning id", ids[1]);
        await events.ScalarAsync("update events set dead_at = now(), last_error = 'why' where id = $1 returning id", ids[2]);

        Assert.Equal(ids[0], await ListedAsync("pending"));
        Assert.Equal(ids[1], await ListedAsync("Dispatched"));
        Assert.Equal(ids[2], await ListedAsync("dead"));

        async Task<Guid> ListedAsync(string state)
        {
            var listed = await RunAsync("", "list", "--type", "one.state", "--state", state);
            Assert.Equal((0, ""), (listed.ExitCode, string.Join('\n', listed.Errors)));
            return Guid.Parse(Assert.Single(listed.Output).Split(' ')[0]);
        }
    }

    [Fact]
    public async Task A_payload_may_come_from_standard_input()
    {
        var said = await RunAsync("""{"hello":"standard input"}""", "publish", "test.event", "--payload", "-", "--source", "test");

        await using var events = new EventsTable(database.ConnectionString);
        Assert.Equal(
            "standard input",
            await events.ScalarAsync("select payload ->> 'hello' from events where id = $1", Guid.Parse(Assert.Single(said.Output))));
    }

    [Fact]
    public async Task Of_many_lines_those_that_are_events_are_published_and_the_others_named()
    {
        var said = await RunAsync(
            """
            {"eventType":"line.one","payload":{"n":1}}
            {"eventType":"Line","payload":{"n":2}}
            not json
            {"eventType":"line.four","payload":{"n":4},"source":"another"}
            """, "publish", "-", "--source", "test");

        Assert.Equal((1, 2), (said.ExitCode, said.Output.Length));
        Assert.Contains(said.Errors, x => x.StartsWith("Line 2: not published: event_type", StringComparison.Ordinal));
        Assert.Contains(said.Errors, x => x.StartsWith("Line 3", StringComparison.Ordinal));
        Assert.Contains(said.Errors, x => x.StartsWith("2 of 4 lines", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Thousands_of_lines_go_in_batches_in_their_order_and_those_that_the_table_refuses_are_named()
    {
        var correlation = Guid.NewGuid();
        var lines = Enumerable.Range(1, 2_500).Select(n => n switch
        {
            700 => """{"eventType":"many.lines","payload":{"text":"a \u0000 NUL"}}""",
            701 => """{"eventType":"many.lines","payload":[]}""",
            _ => $$$"""{"eventType":"many.lines","payload":{"n":{{{n}}}},"id":"{{{new Guid(n % 2_400, 7, 7, new byte[8])}}}"}""",
        });

        var said = await RunAsync(string.Join('\n', lines), "publish", "-", "--source", "test", "--correlation-id", $"{correlation}");

        Assert.Equal((1, 2_498), (said.ExitCode, said.Output.Length));
        Assert.Equal(["Line 700", "Line 701"], said.Errors.Where(x => x.StartsWith("Line", StringComparison.Ordinal)).Select(x => x[..8]));
        Assert.Contains("2 of 2500 lines were refused; the others are published.", said.Errors);
        // Where a batch ends depends on how the lines come.
        Assert.Equal(["1,", "2,"], said.Errors.Where(x => x.EndsWith(" lines, 2 refused", StringComparison.Ordinal)).Select(x => x[..2]));
        await using var events = new EventsTable(database.ConnectionString);
        Assert.Equal(2_398L, await events.ScalarAsync("select count(*) from events where correlation_id = $1", correlation));
        Assert.True((bool)(await events.ScalarAsync(
            "select bool_and(n > before) from ("
                + "select (payload ->> 'n')::int as n, lag((payload ->> 'n')::int, 1, 0) over (order by number) as before "
                + "from events where correlation_id = $1) x",
            correlation))!);
        // A batch is a transaction: far fewer than lines.
        Assert.InRange(
            (long)(await events.ScalarAsync("select count(distinct xmin::text) from events where correlation_id = $1", correlation))!, 1, 200);
        Assert.Equal(
            said.Output[0],
            (await events.ScalarAsync("select id::text from events where correlation_id = $1 order by number limit 1", correlation))!);
    }

    [Fact]
    public async Task A_line_is_published_when_it_comes_and_when_the_database_goes_it_is_said_how_far_it_got()
    {
        await using var server = new PostgresServer(servers.DirectoryOf("published-postgres"));
        await server.StartAsync(TestContext.Current.CancellationToken);
        var own = await server.CreateDatabaseAsync("games");
        await Migrations.ApplyAsync(own);
        await using var verb = RunningVerb.Start(own, "publish", "-", "--source", "test");

        await verb.WriteAsync("""{"eventType":"line.one"}""");
        await verb.WriteAsync("no event");
        await verb.ShowsAsync(1);
        await verb.SaysAsync("Line 2");
        server.Kill();
        await verb.WriteAsync("""{"eventType":"line.three"}""");

        Assert.Equal(1, await verb.EndsAsync());
        await verb.SaysAsync("Stopped: of the lines up to 2 1 are published and 1 refused; from line 3 on none is known to be.");
        await verb.SaysAsync("does not answer");
    }

    [Theory]
    [InlineData("event_type", "publish", "Test")]
    [InlineData("no JSON", "publish", "test.event", "--payload", "{")]
    [InlineData("payload", "publish", "test.event", "--payload", "[]")]
    [InlineData("no event", "show", "00000000-0000-0000-0000-000000000001")]
    [InlineData("--limit", "list", "--limit", "0")]
    [InlineData("--all", "retry")]
    [InlineData("ID is missing", "discard")]
    [InlineData("--state must be one of pending, dispatched, dead.", "list", "--state", "1")]
    public async Task A_verb_that_cannot_be_says_what_is_wrong(string said, params string[] verb)
    {
        var outcome = await RunAsync("", verb);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(outcome.Errors, x => x.Contains(said));
    }

    [Fact]
    public async Task A_line_that_is_null_is_refused_by_its_number_and_the_others_are_published()
    {
        var outcome = await RunAsync("{\"eventType\":\"line.one\"}\nnull\n{\"eventType\":\"line.three\"}\n", "publish", "-", "--source", "test");

        Assert.Equal((1, 2), (outcome.ExitCode, outcome.Output.Length));
        Assert.Contains(outcome.Errors, x => x.StartsWith("Line 2: no event", StringComparison.Ordinal));
        Assert.DoesNotContain(outcome.Errors, x => x.Contains("Exception"));
    }

    private async Task<NpgsqlConnection> ListeningAsync()
    {
        var listener = new NpgsqlConnection(database.ConnectionString);
        await listener.OpenAsync();
        await using var listen = new NpgsqlCommand("LISTEN events", listener);
        await listen.ExecuteNonQueryAsync();
        return listener;
    }

    private Task<ServiceProcess.Outcome> RunAsync(string input, params string[] verb) => ServiceProcess.RunWithInputAsync(
        Assembly, new Dictionary<string, string?> { ["ConnectionStrings__Games"] = database.ConnectionString }, input, ["events", .. verb]);
}
