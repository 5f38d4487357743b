using System.Net;
using Games.Data;
using Games.Tests.Servers;

namespace Games.Tests.Api.Access;

public sealed class WhoMayDoWhatTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string Own = "100000000000000007";
    private const string Other = "100000000000000008";

    private readonly ApiHost _host = new(database.ConnectionString);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_key_for_a_guild_sees_and_creates_games_of_that_guild_alone()
    {
        using var everybody = _host.CreateClient();
        var foreign = await everybody.CreateGameAsync(Requests.ValidGame("guildId", Other));
        using var caller = await _host.CallerAsync([Scope.GamesRead, Scope.GamesWrite], Own);

        var own = await caller.CreateGameAsync(Requests.ValidGame("guildId", Own));

        Assert.Equal(HttpStatusCode.OK, (await caller.GetAsync($"/games/{own["id"]}")).StatusCode);
        await (await caller.GetAsync($"/games/{foreign["id"]}")).IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
        await (await caller.GetAsync($"/games?guildId={Other}")).IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
        var problem = await (await caller.PostGameAsync(Requests.ValidGame("guildId", Other))).IsProblemAsync(HttpStatusCode.Forbidden, _host.Log);
        Assert.Contains(Other, (string?)problem["detail"]);
        foreach (var list in new[] { "/games?limit=100", $"/games?guildId={Own}&limit=100" })
        {
            var games = (await (await caller.GetAsync(list)).BodyAsync())["items"]!.AsArray();
            Assert.Contains(games, game => (string?)game!["id"] == (string?)own["id"]);
            Assert.All(games, game => Assert.Equal(Own, (string?)game!["guildId"]));
        }
    }
}
