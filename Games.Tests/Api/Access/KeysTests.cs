using System.Diagnostics;
using System.Net;
using Games.Data;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Api.Access;

public sealed class KeysTests : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly NpgsqlDataSource _database;
    private readonly ApiHost _host;

    public KeysTests(TestDatabase database)
    {
        _database = NpgsqlDataSource.Create(database.ConnectionString);
        _host = new ApiHost(
            database.ConnectionString,
            settings: [("RateLimits:PerAddress", "1000"), ("Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Command", "Information")]);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    public static TheoryData<string> Wrong =>
    [
        "", "Bearer", "Bearer ", "Bearer wrong", $"Bearer {ApiKeyText.New()}", $"Bearer games_{new string('a', 1_000_000)}",
        $"Basic {TestKey.Text}", TestKey.Text, $"Bearer {TestKey.Text.ToUpperInvariant()}", $"Bearer {TestKey.Text}, Bearer {TestKey.Text}",
        $"Bearer {TestKey.Text[..^1]}", $"Bearer {TestKey.Text}0",
    ];

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public async Task A_wrong_key_is_refused(string authorization)
    {
        using var caller = _host.WithKey(authorization);

        using var answer = await caller.GetAsync("/games");

        var problem = await answer.IsProblemAsync(HttpStatusCode.Unauthorized, _host.Log);
        Assert.DoesNotContain(TestKey.Text, problem.ToJsonString());
        Assert.DoesNotContain(_host.Log.Lines, line => line.Contains(TestKey.Text, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_refusal_is_one_line_of_the_log()
    {
        using var caller = _host.WithKey($"Bearer {ApiKeyText.New()}");
        await caller.GetAsync("/games");

        // Another that is logged as late: what the first caused stands before it.
        await caller.GetAsync("/events");
        await Until.TrueAsync(() => _host.Log.Lines.Any(line => line.Contains("GET /events was answered 401")), "the second is logged");

        var lines = _host.Log.Lines.SkipWhile(line => !line.Contains("GET /games was answered 401")).ToList();
        Assert.Equal(2, lines.Count(line => !line.Contains("Executed DbCommand")));
        Assert.DoesNotContain(_host.Log.Lines, line => line.Contains("not authenticated") || line.Contains("was challenged"));
    }

    [Fact]
    public async Task The_scheme_is_read_in_any_case()
    {
        using var caller = _host.WithKey($"bearer {TestKey.Text}");

        Assert.Equal(HttpStatusCode.OK, (await caller.GetAsync("/games")).StatusCode);
    }

    [Fact]
    public async Task A_new_key_works_at_once_also_when_it_was_tried_before()
    {
        var text = ApiKeyText.New();
        using var caller = _host.WithKey($"Bearer {text}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await caller.GetAsync("/games")).StatusCode);

        await _host.AddKeyAsync(text);

        Assert.Equal(HttpStatusCode.OK, (await caller.GetAsync("/games")).StatusCode);
    }

    [Theory]
    [InlineData("revoked_at = now()")]
    [InlineData("expires_at = now()")]
    public async Task A_key_that_ends_is_refused_within_ten_seconds(string end)
    {
        var text = ApiKeyText.New();
        var id = await _host.AddKeyAsync(text);
        using var caller = _host.WithKey($"Bearer {text}");
        Assert.Equal(HttpStatusCode.OK, (await caller.GetAsync("/games")).StatusCode);

        await ExecuteAsync($"UPDATE api_keys SET {end} WHERE id = '{id}'");

        await Until.TrueAsync(
            async () => (await caller.GetAsync("/games")).StatusCode is HttpStatusCode.Unauthorized, "it is refused", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_key_is_refused_from_the_moment_it_expires_however_fresh_it_was_read()
    {
        var text = ApiKeyText.New();
        var end = DateTimeOffset.UtcNow.AddSeconds(2);
        await _host.AddKeyAsync(text, expiresAt: end);
        using var caller = _host.WithKey($"Bearer {text}");
        HttpResponseMessage last;

        do
        {
            last = await caller.GetAsync("/games");
        }
        while (last.StatusCode is HttpStatusCode.OK && DateTimeOffset.UtcNow < end.AddSeconds(1));

        Assert.Equal(HttpStatusCode.Unauthorized, last.StatusCode);
        Assert.True(DateTimeOffset.UtcNow >= end);
    }

    [Fact]
    public async Task A_flood_of_wrong_keys_asks_the_database_a_few_times()
    {
        using var caller = _host.CreateClient();
        await caller.GetAsync("/games");
        var before = Looks();
        var callers = Enumerable.Range(0, 400).Select(_ => _host.WithKey($"Bearer {ApiKeyText.New()}")).ToArray();

        var answers = await Task.WhenAll(callers.Select(wrong => wrong.GetAsync("/games")));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode));
        Assert.InRange(Looks() - before, 1, 100);
    }

    [Fact]
    public async Task A_table_that_does_not_answer_costs_all_who_wait_no_more_than_one()
    {
        using var caller = _host.CreateClient();
        await using var blocking = await _database.OpenConnectionAsync();
        await using var transaction = await blocking.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE", blocking))
            await command.ExecuteNonQueryAsync();
        var started = Stopwatch.GetTimestamp();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => caller.GetAsync("/games")));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode));
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(25));
    }

    [Fact]
    public async Task A_time_that_dotnet_cannot_hold_is_refused_by_the_table()
    {
        var id = await _host.AddKeyAsync(ApiKeyText.New());

        foreach (var time in new[] { "infinity", "-infinity", "294276-01-01" })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(
                () => ExecuteAsync($"UPDATE api_keys SET expires_at = '{time}' WHERE id = '{id}'"));
            Assert.Equal("ck_api_keys_times_are_of_the_years_2000_to_9999", refused.ConstraintName);
        }
    }

    [Fact]
    public async Task Its_last_use_is_written_to_the_hour_and_its_hash_is_all_that_is_kept_of_it()
    {
        var text = ApiKeyText.New();
        var id = await _host.AddKeyAsync(text);
        using var caller = _host.WithKey($"Bearer {text}");

        await caller.GetAsync("/games");

        await using var command = _database.CreateCommand($"""
            SELECT last_used_at = date_trunc('hour', now(), 'UTC') AND NOT to_jsonb(k)::text LIKE '%{text[10..]}%'
            FROM api_keys k WHERE id = '{id}'
            """);
        Assert.True((bool?)await command.ExecuteScalarAsync());
    }

    private int Looks() => _host.Log.Lines.Count(line => line.Contains("FROM api_keys"));

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
