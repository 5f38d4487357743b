using Games.Contracts;
using Games.Data;
using Games.Journal;
using Games.Tests.Api;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.Tests.Journal;

public sealed class BackgroundPublishingTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task What_a_background_service_commits_is_dispatched_and_nothing_else()
    {
        var channel = $"test-{Guid.NewGuid():n}";
        await using var listener = await ChannelListener.StartAsync(broker.ConnectionString, $"events.{channel}");

        await using var api = new ApiHost(
            database.ConnectionString, broker.ConnectionString, services => services.AddHostedService(
                provider => new Speaker(provider.GetRequiredService<IServiceScopeFactory>(), channel)),
            JournalApi.Hourly);
        using var client = api.CreateClient();

        await listener.HearsAsync(3);
        Assert.Equal(["test.alone", "test.committed", "test.last"], listener.Heard.Select(x => ((EventPublished)x.Message).EventType).Order());
    }

    private sealed class Speaker(IServiceScopeFactory scopes, string channel) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
            var events = scope.ServiceProvider.GetRequiredService<IEventPublisher>();

            await SayAsync("test.alone");
            await using (var transaction = await db.Database.BeginTransactionAsync(stoppingToken))
            {
                await SayAsync("test.committed");
                await transaction.CommitAsync(stoppingToken);
            }

            await using (var transaction = await db.Database.BeginTransactionAsync(stoppingToken))
            {
                await SayAsync("test.lost");
                await transaction.RollbackAsync(stoppingToken);
            }

            await SayAsync("test.last");

            Task SayAsync(string type) => events.PublishAsync(type, new { }, "a background service", channel, ct: stoppingToken);
        }
    }
}
