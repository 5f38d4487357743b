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
    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public PublishingTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString, services: services => services.AddMassTransitTestHarness(bus =>
        {
            bus.SetTestTimeouts(testInactivityTimeout: TimeSpan.FromSeconds(30));
            bus.AddConsumer<Listener>();
            bus.AddEntityFrameworkOutbox<GamesDbContext>(outbox =>
            {
                outbox.UsePostgres();
                outbox.UseBusOutbox();
            });
        }));
        _api = _host.CreateClient();
    }

    private ITestHarness Harness => _host.Services.GetTestHarness();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_game_created_is_an_event_published()
    {
        var id = (Guid)(await _api.CreateGameAsync())["id"]!;

        var heard = await HeardAsync(id);
        Assert.Equal(
            new GameCreated(
                id, "100000000000000001", "200000000000000001", "300000000000000001", "Friday raid",
                new DateTimeOffset(2131, 1, 1, 19, 0, 0, TimeSpan.Zero), 5, Version: 1, heard.At, By: "tests"),
            heard);
        Assert.NotNull(heard.At);
    }

    [Fact]
    public async Task A_request_that_is_refused_publishes_nothing()
    {
        using var refused = await _api.PostGameAsync(Requests.ValidGame("title", ""));
        var accepted = (Guid)(await _api.CreateGameAsync())["id"]!;

        await HeardAsync(accepted);
        Assert.All(
            Harness.Consumed.Select<GameCreated>(new CancellationToken(canceled: true)),
            heard => Assert.Equal(accepted, heard.Context.Message.GameId));
    }

    private async Task<GameCreated> HeardAsync(Guid id)
    {
        Assert.True(await Harness.Consumed.Any<GameCreated>(heard => heard.Context.Message.GameId == id));
        return Harness.Consumed.Select<GameCreated>(heard => heard.Context.Message.GameId == id).First().Context.Message;
    }

    private sealed class Listener : IConsumer<GameCreated>
    {
        public Task Consume(ConsumeContext<GameCreated> context) => Task.CompletedTask;
    }
}
