using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Games.Data;
using Games.Tests.Api.Access;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Api;

public sealed class IdempotencyTests : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly string _connectionString;
    private readonly NpgsqlDataSource _database;
    private readonly ApiHost _host;
    private readonly HttpClient _api;
    private readonly string _key = $"{Guid.NewGuid()}";

    public IdempotencyTests(TestDatabase database)
    {
        _connectionString = database.ConnectionString;
        _database = NpgsqlDataSource.Create(database.ConnectionString);
        _host = new ApiHost(database.ConnectionString);
        _api = _host.CreateClient();
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_repeat_gets_the_first_answer_and_creates_nothing()
    {
        var game = Unique();

        using var first = await PostAsync(_api, game);
        using var again = await PostAsync(_api, game, "{0}  ");

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.StatusCode, again.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.Equal((1, 1), await CountAsync(game));
    }

    [Fact]
    public async Task The_answer_with_a_key_is_that_without_one()
    {
        using var with = await PostAsync(_api, Unique());
        using var without = await _api.PostGameAsync(Unique());

        Assert.Equal(without.Content.Headers.ContentType, with.Content.Headers.ContentType);
        Assert.Equal((await without.BodyAsync()).Select(x => x.Key), (await with.BodyAsync()).Select(x => x.Key));
    }

    [Fact]
    public async Task The_same_key_for_another_request_is_refused()
    {
        using var first = await PostAsync(_api, Unique());
        using var other = await PostAsync(_api, Unique());

        await other.IsProblemAsync(HttpStatusCode.UnprocessableEntity, _host.Log);
    }

    [Fact]
    public async Task A_repeat_gets_the_first_answer_also_when_the_game_has_begun_meanwhile()
    {
        var game = Unique();
        var begins = DateTimeOffset.UtcNow.AddSeconds(2);
        game["scheduledAt"] = $"{begins:O}";
        using var first = await PostAsync(_api, game);
        await Until.TrueAsync(() => DateTimeOffset.UtcNow > begins, "it has begun");

        using var again = await PostAsync(_api, game);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.StatusCode, again.StatusCode));
        Assert.Equal((1, 1), await CountAsync(game));
    }

    [Fact]
    public async Task Another_caller_may_use_the_same_key()
    {
        using var caller = await _host.CallerAsync([Scope.GamesWrite]);
        var (one, two) = (Unique(), Unique());

        using var first = await PostAsync(_api, one);
        using var second = await PostAsync(caller, two);

        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal((1, 1), await CountAsync(two));
    }

    [Fact]
    public async Task A_repeat_while_the_first_is_under_way_is_told_to_wait()
    {
        var game = Unique();
        await using var blocking = await _database.OpenConnectionAsync();
        await using var transaction = await blocking.BeginTransactionAsync();
        var first = await PostToLockedTableAsync(blocking, game);

        using (var repeat = await PostAsync(_api, game))
            await repeat.IsProblemAsync(HttpStatusCode.Conflict, _host.Log);
        await transaction.RollbackAsync();

        using var answer = await first.Answer;
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal((1, 1), await CountAsync(game));
    }

    [Fact]
    public async Task After_a_request_that_failed_the_same_key_creates_the_game()
    {
        var game = Unique();
        await using var blocking = await _database.OpenConnectionAsync();
        await using var transaction = await blocking.BeginTransactionAsync();
        var first = await PostToLockedTableAsync(blocking, game);
        await ExecuteAsync(blocking, """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO games%'
            """);
        await transaction.RollbackAsync();

        using var failed = await first.Answer;
        using var repeat = await PostAsync(_api, game);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.StatusCode);
        Assert.Equal(HttpStatusCode.Created, repeat.StatusCode);
        Assert.Equal((1, 1), await CountAsync(game));
    }

    [Fact]
    public async Task After_the_answer_of_a_commit_was_lost_a_repeat_gets_the_game_that_it_made()
    {
        var game = Unique();
        await using var line = CuttableLine.ToPostgres(_connectionString, out var through);
        await using var host = new ApiHost(through);
        using var api = host.CreateClient();
        using (var warm = await api.PostGameAsync(Unique()))
            Assert.Equal(HttpStatusCode.Created, warm.StatusCode);
        line.LoseCommitAfterInsertInto("games");

        using var lost = await PostAsync(api, game);
        Assert.Equal((1, 1), await CountAsync(game));
        using var repeat = await PostAsync(api, game);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.Created), (lost.StatusCode, repeat.StatusCode));
        Assert.Equal((1, 1), await CountAsync(game));
        // EF Core's own line of it, beside the one of the 503.
        Assert.DoesNotContain(host.Log.Lines, text => text.Contains("An error occurred using a transaction"));
    }

    [Fact]
    public async Task After_a_day_a_key_is_a_new_one_and_the_old_are_deleted()
    {
        var (first, second) = (Unique(), Unique());
        using var old = await PostAsync(_api, first);
        await using (var connection = await _database.OpenConnectionAsync())
            await ExecuteAsync(connection, "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'");

        using var again = await PostAsync(_api, second);
        using var other = await PostAsync(_api, Unique(), key: $"{Guid.NewGuid()}");

        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal((1, 1), await CountAsync(second));
        await using var command = _database.CreateCommand("SELECT count(*) FROM idempotency_keys WHERE created_at < now() - interval '24 hours'");
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    [Theory]
    [InlineData("ä")]
    [InlineData("a\tb")]
    public async Task A_key_that_is_none_is_refused(string key)
    {
        using var answer = await PostAsync(_api, Unique(), key: key);

        Assert.Contains("Idempotency-Key", (string?)(await answer.IsProblemAsync(HttpStatusCode.BadRequest, _host.Log))["detail"]);
    }

    [Fact]
    public async Task A_key_has_at_most_255_characters()
    {
        using var longest = await PostAsync(_api, Unique(), key: $"{Guid.NewGuid()}".PadRight(255, 'x'));
        using var tooLong = await PostAsync(_api, Unique(), key: new string('x', 256));

        Assert.Equal(HttpStatusCode.Created, longest.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, tooLong.StatusCode);
    }

    /// <summary>Returns when the request waits for the table, which the connection's transaction keeps.</summary>
    private async Task<UnderWay> PostToLockedTableAsync(NpgsqlConnection blocking, JsonObject game)
    {
        await ExecuteAsync(blocking, "LOCK TABLE games IN EXCLUSIVE MODE");
        var answer = PostAsync(_api, game);
        await Until.TrueAsync(IsWaitingAsync, "the first waits for the table");

        return new(answer);
    }

    private static JsonObject Unique() => Requests.ValidGame("title", $"{Guid.NewGuid()}");

    private Task<HttpResponseMessage> PostAsync(HttpClient api, JsonObject game, string format = "{0}", string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/games")
        {
            Content = new StringContent(string.Format(null, format, game.ToJsonString()), Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key ?? _key);
        return api.SendAsync(request);
    }

    // A task of a task would be awaited to its end.
    private sealed record UnderWay(Task<HttpResponseMessage> Answer);

    private async Task<bool> IsWaitingAsync()
    {
        await using var command = _database.CreateCommand("""
            SELECT count(*) > 0 FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO games%'
            """);
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    private async Task<(long Games, long Messages)> CountAsync(JsonObject game)
    {
        await using var command = _database.CreateCommand($"""
            SELECT (SELECT count(*) FROM games WHERE title = '{game["title"]}'),
                (SELECT count(*) FROM "OutboxMessage" WHERE "Body" LIKE '%{game["title"]}%')
            """);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
