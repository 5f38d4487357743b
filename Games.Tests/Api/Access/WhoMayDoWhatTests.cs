using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
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
            Assert.All((await (await caller.GetAsync(list)).BodyAsync())["items"]!.AsArray(), game => Assert.Equal(Own, (string?)game!["guildId"]));
    }

    [Theory]
    [InlineData("game.created")]
    [InlineData("player.joined")]
    [InlineData("discord.message.received")]
    [InlineData("message.stored")]
    [InlineData("game")]
    public async Task What_only_our_services_say_needs_a_scope_of_its_own(string type)
    {
        using var publisher = await _host.CallerAsync([Scope.EventsPublish]);
        using var service = await _host.CallerAsync([Scope.EventsPublish, Scope.EventsInternal]);

        using var refused = await publisher.PostAsJsonAsync("/events", Event(type));
        using var taken = await service.PostAsJsonAsync("/events", Event(type));

        Assert.Contains(Scope.EventsInternal, (string?)(await refused.IsProblemAsync(HttpStatusCode.Forbidden, _host.Log))["detail"]);
        Assert.NotEqual(HttpStatusCode.Forbidden, taken.StatusCode);
    }

    [Theory]
    [InlineData("gamer.created")]
    [InlineData("tournament.game.ended")]
    public async Task Other_events_do_not(string type)
    {
        using var publisher = await _host.CallerAsync([Scope.EventsPublish]);

        using var taken = await publisher.PostAsJsonAsync("/events", Event(type));

        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
    }

    private static JsonObject Event(string type) => new() { ["eventType"] = type, ["payload"] = new JsonObject(), ["source"] = "a test" };
}
