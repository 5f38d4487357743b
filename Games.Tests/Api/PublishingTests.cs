using Games.Contracts;
using Games.Data;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Api;

/// <summary>On MassTransit's test harness: its in-memory transport in place of RabbitMQ, the outbox as in production.</summary>
public sealed class PublishingTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly ApiHost host;
    private readonly HttpClient api;

    public PublishingTests(TestDatabase database)
    {
        host = new ApiHost(database.ConnectionString, services: services => services.AddMassTransitTestHarness(bus =>
            bus.AddEntityFrameworkOutbox<GamesDbContext>(outbox =>
            {
                outbox.UsePostgres();
                outbox.UseBusOutbox();
            })));
        api = host.CreateClient();
    }

    private ITestHarness Harness => host.Services.GetTestHarness();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_game_created_is_an_event_published()
    {
        var game = await api.CreateGameAsync();
        var id = (Guid)game["id"]!;

        Assert.True(await Harness.Published.Any<GameCreated>(published => published.Context.Message.GameId == id));

        var published = Harness.Published.Select<GameCreated>(published => published.Context.Message.GameId == id).Single();
        Assert.Equal(
            new GameCreated(
                id, "100000000000000001", "200000000000000001", "300000000000000001", "Friday raid",
                new DateTimeOffset(2131, 1, 1, 19, 0, 0, TimeSpan.Zero), 5),
            published.Context.Message);
    }

    [Fact]
    public async Task A_request_that_is_refused_publishes_nothing()
    {
        using var refused = await api.PostGameAsync(Requests.ValidGame("title", ""));
        var accepted = (Guid)(await api.CreateGameAsync())["id"]!;

        await Harness.Published.Any<GameCreated>(published => published.Context.Message.GameId == accepted);
        Assert.All(Harness.Published.Select<GameCreated>(), published => Assert.Equal(accepted, published.Context.Message.GameId));
    }
}
