using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Api.Access;
using Games.Tests.Servers;

namespace Games.Tests.Journal;

public sealed class WhoMayPublishTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly ApiHost _host = new(database.ConnectionString);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

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
        Assert.Contains(taken.StatusCode, new[] { HttpStatusCode.Accepted, HttpStatusCode.BadRequest });
    }

    [Fact]
    public async Task An_id_of_those_that_our_services_make_of_a_message_needs_it_too()
    {
        using var publisher = await _host.CallerAsync([Scope.EventsPublish]);
        var forged = Event("tournament.ended");
        forged["id"] = "00000000-0000-8000-8000-000000000001";

        using var refused = await publisher.PostAsJsonAsync("/events", forged);

        await refused.IsProblemAsync(HttpStatusCode.Forbidden, _host.Log);
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
