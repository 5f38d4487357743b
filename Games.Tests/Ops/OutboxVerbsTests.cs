extern alias Ops;

using Games.Tests.Api;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Ops;

/// <summary>The verbs as a person types them: a process of its own, with the database and nothing else.</summary>
public sealed class OutboxVerbsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly string Assembly = typeof(Ops::Program).Assembly.Location;

    [Fact]
    public async Task What_is_dead_is_found_read_retried_and_discarded()
    {
        var number = await InsertDeadAsync();

        var status = await SucceedsAsync("status");
        Assert.Contains(status, x => x.Contains("dead") && x.Contains('1'));
        Assert.Contains(await SucceedsAsync("list", "--state", "dead"), x => x.Contains($"{number}") && x.Contains("hopeless") && x.Contains("Test"));
        Assert.Contains(await SucceedsAsync("show", $"{number}"), x => x.Contains("\"colour\": \"blue\""));

        await SucceedsAsync("retry", $"{number}");
        Assert.Contains(await SucceedsAsync("list", "--state", "dead"), x => x.Contains("No dead messages"));
        await FailsAsync("not to be retried", "retry", $"{number}");

        await SucceedsAsync("discard", $"{number}");
        await FailsAsync("is gone", "discard", $"{number}");
        await FailsAsync("no message", "show", $"{number}");
    }

    [Theory]
    [InlineData("1")]
    [InlineData("pending,dead")]
    [InlineData("unheard-of")]
    public async Task A_state_is_one_of_the_three_by_its_name(string state) => await FailsAsync("--state", "list", "--state", state);

    [Fact]
    public async Task All_dead_are_retried_at_once()
    {
        await InsertDeadAsync();
        await InsertDeadAsync();

        Assert.Contains(await SucceedsAsync("retry", "--all"), x => x.Contains("2 dead messages"));
    }

    [Fact]
    public async Task Paused_is_seen_with_the_name_until_it_is_resumed()
    {
        await SucceedsAsync("pause", "--by", "anna");
        Assert.Contains(await SucceedsAsync("status"), x => x.Contains("PAUSED since") && x.Contains("by anna"));
        Assert.Contains(await SucceedsAsync("pause"), x => x.Contains("already"));
        await InsertAsync(isDead: false);
        Assert.Contains(await SucceedsAsync("list"), x => x.Contains("when resumed"));

        await SucceedsAsync("resume");
        Assert.DoesNotContain(await SucceedsAsync("status"), x => x.Contains("PAUSED"));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("retry", "--help")]
    public async Task Help_needs_no_database(params string[] verb)
    {
        var outcome = await ServiceProcess.RunAsync(Assembly, new Dictionary<string, string?>(), ["outbox", .. verb]);

        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains(outcome.Output, x => x.Contains("outbox"));
    }

    [Theory]
    [InlineData("--all", "retry")]
    [InlineData("--all", "retry", "1", "--all")]
    [InlineData("--limit", "list", "--limit", "0")]
    [InlineData("--cursor", "list", "--cursor", "elsewhere")]
    [InlineData("bury", "bury")]
    public Task A_verb_that_cannot_be_says_what_is_wrong(string said, params string[] verb) => FailsAsync(said, verb);

    [Theory]
    [InlineData(null)]
    [InlineData("Host=127.0.0.1;Port=1;Database=games")]
    [InlineData("not=a connection string")]
    public async Task Without_its_database_it_ends_with_one_line_that_names_the_key(string? connectionString)
    {
        var outcome = await ServiceProcess.RunAsync(
            Assembly, new Dictionary<string, string?> { ["ConnectionStrings__Games"] = connectionString }, "outbox", "status");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Empty(outcome.Output);
        Assert.Contains("ConnectionStrings:Games", Assert.Single(outcome.Errors));
    }

    private async Task<string[]> SucceedsAsync(params string[] verb)
    {
        var outcome = await RunAsync(verb);
        Assert.Equal((0, ""), (outcome.ExitCode, string.Join('\n', outcome.Errors)));

        return outcome.Output;
    }

    private async Task FailsAsync(string said, params string[] verb)
    {
        var outcome = await RunAsync(verb);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(outcome.Errors, x => x.Contains(said));
    }

    private Task<ServiceProcess.Outcome> RunAsync(string[] verb) =>
        ServiceProcess.RunAsync(Assembly, new Dictionary<string, string?> { ["ConnectionStrings__Games"] = database.ConnectionString },
            ["outbox", .. verb]);

    private Task<long> InsertDeadAsync() => InsertAsync(isDead: true);

    private async Task<long> InsertAsync(bool isDead)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand("""
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "NextAttempt", "Dead", "Attempts",
                "LastError")
            VALUES (gen_random_uuid(), now(), 'application/json', 'urn:message:Test', '{"colour":"blue"}',
                CASE WHEN $1 THEN 'infinity'::timestamptz END, CASE WHEN $1 THEN now() END, 10, 'hopeless')
            RETURNING "SequenceNumber"
            """);
        command.Parameters.Add(new() { Value = isDead });

        return (long)(await command.ExecuteScalarAsync())!;
    }
}
