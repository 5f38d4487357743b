extern alias Api;

using Games.Tests.Api;
using Games.Tests.Servers;

namespace Games.Tests.Journal;

/// <summary>The verbs as a person types them: a process of its own, with the database and nothing else.</summary>
public sealed class EventsCommandTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly string Assembly = typeof(Api::Program).Assembly.Location;

    [Fact]
    public async Task What_is_published_is_listed_and_shown()
    {
        var said = await RunAsync("", "publish", "test.event", "--payload", """{"hello":"it's «müßig»"}""", "--source", "test");
        var id = Guid.Parse(Assert.Single(said.Output));

        Assert.Equal(0, said.ExitCode);
        Assert.Contains((await RunAsync("", "list", "--type", "test.event")).Output, x => x.StartsWith($"{id}", StringComparison.Ordinal) && x.EndsWith("pending", StringComparison.Ordinal));
        Assert.Contains((await RunAsync("", "show", $"{id}")).Output, x => x.Contains("\"hello\""));
        await using var events = new EventsTable(database.ConnectionString);
        Assert.Equal("it's «müßig»", await events.ScalarAsync("select payload ->> 'hello' from events where id = $1", id));
    }

    [Fact]
    public async Task A_payload_may_come_from_standard_input() =>
        Assert.Equal(0, (await RunAsync("""{"hello":"world"}""", "publish", "test.event", "--payload", "-", "--source", "test")).ExitCode);

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
        Assert.Contains(said.Errors, x => x.Contains("event_type"));
        Assert.Contains(said.Errors, x => x.StartsWith("Line 3", StringComparison.Ordinal));
        Assert.Contains(said.Errors, x => x.StartsWith("2 of 4 lines", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("event_type", "publish", "Test")]
    [InlineData("no JSON", "publish", "test.event", "--payload", "{")]
    [InlineData("payload", "publish", "test.event", "--payload", "[]")]
    [InlineData("no event", "show", "00000000-0000-0000-0000-000000000001")]
    [InlineData("--limit", "list", "--limit", "0")]
    public async Task A_verb_that_cannot_be_says_what_is_wrong(string said, params string[] verb)
    {
        var outcome = await RunAsync("", verb);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(outcome.Errors, x => x.Contains(said));
    }

    private Task<ServiceProcess.Outcome> RunAsync(string input, params string[] verb) => ServiceProcess.RunWithInputAsync(
        Assembly, new Dictionary<string, string?> { ["ConnectionStrings__Games"] = database.ConnectionString }, input, ["events", .. verb]);
}
