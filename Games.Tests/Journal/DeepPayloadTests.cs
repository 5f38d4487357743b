using System.Text.Json;
using Games.Contracts;
using Games.Tests.Api;
using Games.Tests.Ops;
using Games.Tests.Servers;

namespace Games.Tests.Journal;

/// <summary>PostgreSQL nests JSON deeper than System.Text.Json reads unless it is told to: what was inserted by SQL is shown all the same.</summary>
public sealed class DeepPayloadTests(TestDatabase database, TestBroker broker)
    : IClassFixture<TestDatabase>, IClassFixture<TestBroker>, IAsyncLifetime
{
    private const int Depth = 70;

    private readonly EventsTable _events = new(database.ConnectionString);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _events.DisposeAsync();

    [Fact]
    public async Task It_is_answered_over_HTTP()
    {
        var id = await _events.InsertAsync("test.deep", Nested("[]"));
        await using var host = new ApiHost(database.ConnectionString);
        using var api = host.CreateClient();

        using var response = await api.GetAsync($"/events/{id}");

        response.EnsureSuccessStatusCode();
        Assert.Contains(Nested("[]"), (await response.Content.ReadAsStringAsync()).Replace(" ", ""));
    }

    [Fact]
    public async Task It_is_shown_and_followed_by_the_console_and_the_tail_lives_on()
    {
        await using var tail = RunningVerb.Start(database.ConnectionString, "tail", "--json", "--type", "test.deep");
        await tail.SaysAsync("Following the journal.");
        var deep = await _events.InsertAsync("test.deep", Nested("[]"));
        var flat = await _events.InsertAsync("test.deep");

        var lines = await tail.ShowsAsync(2);
        Assert.Contains(Nested("[]"), lines[0]);
        Assert.Equal(flat, JsonElement.Parse(lines[1]).GetProperty("id").GetGuid());
        await using var show = RunningVerb.Start(database.ConnectionString, "show", $"{deep}");
        Assert.Equal((0, ""), (await show.EndsAsync(), string.Join('\n', show.Errors)));
        Assert.Contains(Nested("[]"), string.Concat(string.Concat(show.Output).Where(x => x is not ' ')));
    }

    [Fact]
    public async Task The_doctor_names_one_that_says_to_be_dispatched_and_goes_on()
    {
        var id = await _events.ScalarAsync(
            "insert into events (event_type, payload, source, dispatched_at) "
            + $"values ('{Exchanges.GameCreated}', $1::jsonb, 'a test', now() - interval '1 hour') returning id", Nested("[]"));

        var (_, findings) = await new Doctor(database.ConnectionString, broker.ConnectionString).ExamineAsync();

        Assert.Contains($"{id}", Doctor.Saw(findings, "game.created of the journal without announcement, for good"));
        await _events.ScalarAsync("delete from events where id = $1", id!);
    }

    private static string Nested(string inmost) => $$"""{"a":{{new string('[', Depth)}}{{inmost}}{{new string(']', Depth)}}}""";
}
