using System.Net;
using System.Text.Json.Nodes;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Api;

public sealed class ListGamesTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly ApiHost _host;
    private readonly HttpClient _api;
    private readonly string _guildId = $"{Random.Shared.NextInt64(100_000_000_000_000_000, 999_999_999_999_999_999)}";

    public ListGamesTests(TestDatabase database)
    {
        _database = database;
        _host = new ApiHost(database.ConnectionString);
        _api = _host.CreateClient();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Pages_show_every_game_once_newest_first_while_games_are_added()
    {
        var created = await CreateAsync(5);

        var first = await ListAsync($"guildId={_guildId}&limit=2");
        await CreateAsync(1);
        var second = await ListAsync($"guildId={_guildId}&limit=2&cursor={first["nextCursor"]}");
        var third = await ListAsync($"guildId={_guildId}&limit=2&cursor={second["nextCursor"]}");

        Assert.Equal(created.OrderDescending(), [.. Ids(first), .. Ids(second), .. Ids(third)]);
        Assert.Null(third["nextCursor"]);
    }

    [Fact]
    public async Task A_last_page_that_is_just_full_has_no_next()
    {
        await CreateAsync(2);

        var page = await ListAsync($"guildId={_guildId}&limit=2");

        Assert.Equal(2, Ids(page).Count);
        Assert.Null(page["nextCursor"]);
    }

    [Fact]
    public async Task A_guild_sees_its_own_games_only()
    {
        var created = await CreateAsync(1);
        await _api.CreateGameAsync(Requests.ValidGame("guildId", "999999999999999999"));

        Assert.Equal(created, Ids(await ListAsync($"guildId={_guildId}")));
        Assert.Contains("999999999999999999", (await ListAsync("limit=100"))["items"]!.AsArray().Select(game => (string?)game!["guildId"]));
    }

    [Fact]
    public async Task Games_of_one_status_can_be_asked_for()
    {
        var created = await CreateAsync(2);
        await using var source = NpgsqlDataSource.Create(_database.ConnectionString);
        await using var cancel = source.CreateCommand("update games set status = 'cancelled' where id = $1");
        cancel.Parameters.Add(new() { Value = created[0] });
        await cancel.ExecuteNonQueryAsync();

        Assert.Equal([created[0]], Ids(await ListAsync($"guildId={_guildId}&status=cancelled")));
        Assert.Equal([created[1]], Ids(await ListAsync($"guildId={_guildId}&status=scheduled")));
    }

    [Fact]
    public async Task A_guild_without_games_has_an_empty_page()
    {
        var page = await ListAsync("guildId=123456789012345678");

        Assert.Empty(Ids(page));
        Assert.Null(page["nextCursor"]);
    }

    [Fact]
    public async Task Twenty_games_are_a_page_unless_another_limit_is_asked_for()
    {
        await CreateAsync(21);

        Assert.Equal(20, Ids(await ListAsync($"guildId={_guildId}")).Count);
        Assert.Equal(21, Ids(await ListAsync($"guildId={_guildId}&limit=100")).Count);
    }

    [Theory]
    [InlineData("guildId", "1")]
    [InlineData("guildId", "")]
    [InlineData("status", "unheard-of")]
    [InlineData("status", "7")]
    [InlineData("status", "0")]
    [InlineData("status", "scheduled,7")]
    [InlineData("hostId", "1")]
    [InlineData("playerId", "1")]
    [InlineData("from", "2031-01-01")]
    [InlineData("to", "tomorrow")]
    [InlineData("order", "oldest")]
    [InlineData("limit", "0")]
    [InlineData("limit", "101")]
    [InlineData("limit", "many")]
    [InlineData("limit", "5.0")]
    [InlineData("limit", "99999999999")]
    [InlineData("cursor", "x")]
    [InlineData("cursor", "AAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("cursor", "019aa000-0000-7000-8000-000000000001")]
    [InlineData("cursor", "%00")]
    public async Task A_query_that_breaks_its_rule_is_named(string field, string value)
    {
        using var response = await _api.GetAsync($"/games?{field}={value}");

        await response.NamesAsync(field, _host.Log);
        Assert.DoesNotMatch(UnreadableRequestTests.Internals, await response.Content.ReadAsStringAsync());
    }

    private async Task<List<Guid>> CreateAsync(int count)
    {
        var ids = new List<Guid>();
        for (var i = 0; i < count; i++)
            ids.Add((Guid)(await _api.CreateGameAsync(Requests.ValidGame("guildId", _guildId)))["id"]!);
        return ids;
    }

    private async Task<JsonObject> ListAsync(string query)
    {
        using var response = await _api.GetAsync($"/games?{query}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.BodyAsync();
    }

    private static List<Guid> Ids(JsonObject page) => [.. page["items"]!.AsArray().Select(game => (Guid)game!["id"]!)];
}
