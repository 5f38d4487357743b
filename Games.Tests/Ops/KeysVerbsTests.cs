extern alias Ops;

using System.Text.RegularExpressions;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Api.Access;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Ops;

public sealed partial class KeysVerbsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly string Assembly = typeof(Ops::Program).Assembly.Location;

    [Fact]
    public async Task A_key_is_printed_once_alone_and_works_until_it_is_revoked()
    {
        var created = await RunAsync("create", "guild bot", "--scope", "games:read", "--guild", "100000000000000009");

        Assert.Equal((0, 0), (created.ExitCode, created.Errors.Length));
        var key = Assert.Single(created.Output);
        Assert.Matches(KeyPattern(), key);
        var line = Assert.Single((await RunAsync("list")).Output, x => x.StartsWith("guild bot"));
        Assert.Contains("games:read", line);
        Assert.Contains("100000000000000009", line);
        Assert.Contains("never used", line);
        Assert.DoesNotContain(key[10..], line);
        await using var host = new ApiHost(database.ConnectionString);
        using var caller = host.WithKey($"Bearer {key}");
        Assert.True((await caller.GetAsync("/games")).IsSuccessStatusCode);
        // It is kept to the hour, and does not pretend to be more.
        Assert.Matches(HourPattern(), Assert.Single((await RunAsync("list")).Output, x => x.StartsWith("guild bot")));

        var revoked = await RunAsync("revoke", "guild bot");

        Assert.Equal(0, revoked.ExitCode);
        Assert.Contains("guild bot", Assert.Single(revoked.Output));
        await Until.TrueAsync(
            async () => !(await caller.GetAsync("/games")).IsSuccessStatusCode, "it is refused", TimeSpan.FromSeconds(10));
        Assert.Contains("revoked", Assert.Single((await RunAsync("list")).Output, x => x.StartsWith("guild bot")));
        Assert.Equal(1, (await RunAsync("revoke", "guild bot")).ExitCode);
    }

    [Fact]
    public async Task A_key_is_revoked_by_its_id_and_its_name_is_free_then()
    {
        await RunAsync("create", "by id");
        var id = Id().Match(Assert.Single((await RunAsync("list")).Output, x => x.StartsWith("by id"))).Value;

        Assert.Equal(0, (await RunAsync("revoke", id)).ExitCode);

        Assert.Equal(0, (await RunAsync("create", "by id")).ExitCode);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused_unless_its_key_is_replaced()
    {
        var first = Assert.Single((await RunAsync("create", "taken")).Output);

        var second = await RunAsync("create", "taken");
        var replaced = await RunAsync("create", "taken", "--replace");

        Assert.Equal(1, second.ExitCode);
        Assert.Contains("--replace", Assert.Single(second.Errors));
        Assert.NotEqual(first, Assert.Single(replaced.Output));
        Assert.Equal(2, (await RunAsync("list")).Output.Count(x => x.StartsWith("taken")));
    }

    [Theory]
    [InlineData("90d", 90 * 24)]
    [InlineData("12h", 12)]
    public async Task A_key_expires(string time, int hours)
    {
        var name = $"key {Guid.NewGuid()}";

        await RunAsync("create", name, "--expires", time);

        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand("SELECT expires_at - created_at FROM api_keys WHERE name = $1");
        command.Parameters.Add(new() { Value = name });
        Assert.Equal(TimeSpan.FromHours(hours), await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Without_a_scope_it_reads_and_writes_games_and_no_more()
    {
        await RunAsync("create", "plain");

        var line = Assert.Single((await RunAsync("list")).Output, x => x.StartsWith("plain"));
        Assert.Contains($"{Scope.GamesRead},{Scope.GamesWrite}  all guilds", line);
    }

    [Theory]
    [InlineData("games:everything", "create", "x", "--scope", "games:everything")]
    [InlineData("events:read", "create", "x", "--scope", "events:read", "--guild", "100000000000000009")]
    [InlineData("no Discord id", "create", "x", "--guild", "7")]
    [InlineData("90d", "create", "x", "--expires", "soon")]
    [InlineData("90d", "create", "x", "--expires", "0d")]
    [InlineData("90d", "create", "x", "--expires", "99999999999d")]
    [InlineData("NAME", "create", "")]
    [InlineData("NAME", "create", "0198c0de-0000-7000-8000-000000000007")]
    [InlineData("create, list, revoke", "make", "x")]
    [InlineData("no valid key", "revoke", "nobody")]
    public async Task What_cannot_be_done_is_said_in_one_line(string expected, params string[] verb)
    {
        var outcome = await RunAsync(verb);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(expected, string.Join('\n', outcome.Errors));
        Assert.DoesNotContain(outcome.Errors, line => line.StartsWith("at "));
        Assert.Empty(outcome.Output);
    }

    private Task<ServiceProcess.Outcome> RunAsync(params string[] verb) => ServiceProcess.RunAsync(
        Assembly, new Dictionary<string, string?> { ["ConnectionStrings__Games"] = database.ConnectionString }, ["keys", .. verb]);

    [GeneratedRegex("^games_[0-9a-f]{64}$")]
    private static partial Regex KeyPattern();

    [GeneratedRegex("last used [0-9-]{10} [0-9]{2}:00 to [0-9]{2}:00$")]
    private static partial Regex HourPattern();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f-]{27}")]
    private static partial Regex Id();
}
