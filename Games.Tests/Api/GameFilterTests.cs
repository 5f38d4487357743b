using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Games.Tests.Servers;

namespace Games.Tests.Api;

/// <summary>Six games of one guild: what each filter leaves of them, in both orders, page by page.</summary>
public sealed class GameFilterTests : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string Host = "300000000000000009";
    private const string Player = "400000000000000009";

    private readonly ApiHost _host;
    private readonly HttpClient _api;
    private readonly string _guildId = $"{Random.Shared.NextInt64(100_000_000_000_000_000, 999_999_999_999_999_999)}";
    private readonly List<Guid> _ids = [];

    public GameFilterTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString);
        _api = _host.CreateClient();
    }

    public async ValueTask InitializeAsync()
    {
        // The second and the fifth begin at the same time; the numbers below are those of creation.
        foreach (var hour in (int[])[5, 3, 1, 6, 3, 2])
        {
            var game = Requests.ValidGame("guildId", _guildId);
            game["scheduledAt"] = $"2131-01-01T0{hour}:00:00Z";
            game["hostId"] = hour == 3 ? Host : "300000000000000001";
            _ids.Add((await _api.CreateGameAsync(game)).IdOf());
        }

        await _api.CancelGameAsync(_ids[0]);
        await _api.JoinGameAsync(_ids[1], Player);
        await _api.JoinGameAsync(_ids[3], Player);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("", 5, 4, 3, 2, 1, 0)]
    [InlineData("&order=newest", 5, 4, 3, 2, 1, 0)]
    [InlineData("&order=soonest", 2, 5, 1, 4, 0, 3)]
    [InlineData("&status=scheduled", 5, 4, 3, 2, 1)]
    [InlineData("&status=scheduled&order=soonest", 2, 5, 1, 4, 3)]
    [InlineData("&status=cancelled&status=scheduled&status=started", 5, 4, 3, 2, 1, 0)]
    [InlineData("&status=cancelled&status=finished", 0)]
    [InlineData("&status=started&status=finished")]
    [InlineData("&hostId=" + Host, 4, 1)]
    [InlineData("&playerId=" + Player, 3, 1)]
    [InlineData("&playerId=" + Player + "&order=soonest", 1, 3)]
    [InlineData("&playerId=" + Player + "&hostId=" + Host, 1)]
    [InlineData("&playerId=400000000000000008")]
    [InlineData("&from=2131-01-01T03:00:00Z", 4, 3, 1, 0)]
    [InlineData("&from=2131-01-01T03:00:00.000001Z", 3, 0)]
    [InlineData("&to=2131-01-01T03:00:00Z", 5, 2)]
    [InlineData("&from=2131-01-01T04:00:00%2B01:00&to=2131-01-01T06:00:00%2B01:00&order=soonest", 1, 4)]
    [InlineData("&from=2131-01-01T04:00:00+01:00&to=2131-01-01T06:00:00+01:00&order=soonest", 1, 4)]
    [InlineData("&from=2131-01-02T00:00:00Z&to=2131-01-01T00:00:00Z")]
    public async Task A_filter_leaves_what_it_names_in_its_order_however_long_the_pages_are(string filter, params int[] expected)
    {
        foreach (var limit in (int[])[1, 2, 100])
            Assert.Equal(expected.Select(number => _ids[number]), await AllAsync(filter, limit));
    }

    [Fact]
    public async Task A_list_shows_each_game_as_it_is_shown_alone()
    {
        var page = await ListAsync("");

        foreach (var game in page["items"]!.AsArray())
            Assert.Equal((await _api.GetGameAsync(game!.AsObject().IdOf())).ToJsonString(), game.ToJsonString());
        Assert.Equal([Player], page["items"]![2]!.AsObject().UserIds("players"));
    }

    private async Task<List<Guid>> AllAsync(string filter, int limit)
    {
        List<Guid> all = [];
        for (var cursor = ""; ;)
        {
            var page = await ListAsync(string.Create(CultureInfo.InvariantCulture, $"{filter}&limit={limit}{cursor}"));
            all.AddRange(page["items"]!.AsArray().Select(game => game!.AsObject().IdOf()));
            if ((string?)page["nextCursor"] is not { } next)
                return all;

            cursor = $"&cursor={next}";
        }
    }

    private async Task<JsonObject> ListAsync(string filter)
    {
        using var response = await _api.GetAsync($"/games?guildId={_guildId}{filter}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.BodyAsync();
    }
}
