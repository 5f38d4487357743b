extern alias Bot;

using System.Collections.Concurrent;
using System.Text.Json;
using Bot::Games.Bot;
using Bot::Games.Bot.Consumers;
using Bot::Games.Bot.Ingestion;
using Games.Contracts;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Bot;

/// <summary>From the handler that a gateway client calls to the row: MassTransit's test harness, and a real database.</summary>
public abstract class IngestionScenarios : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private protected static readonly CancellationToken Now = new(canceled: true);

    private readonly ConcurrentQueue<MessageStored> _told = [];
    private readonly BotHost _host;

    protected IngestionScenarios(TestDatabase database)
    {
        _host = new BotHost(database.ConnectionString, ApiHost.NoBroker, services => services
            .AddSingleton(new DiscordOptions { Channels = [NewMessage.ChannelId], UserId = NewMessage.OwnId })
            .AddLogging(log => log.AddFilter("Games.Bot", LogLevel.Debug))
            .AddMassTransitTestHarness(bus =>
            {
                bus.SetTestTimeouts(testInactivityTimeout: TimeSpan.FromSeconds(30));
                bus.AddConsumer<IngestMessageConsumer, IngestMessageConsumerDefinition>();
                bus.AddHandler<MessageStored>(context =>
                {
                    _told.Enqueue(context.Message);
                    return Task.CompletedTask;
                });
                bus.AddEntityFrameworkOutbox<GamesDbContext>(outbox =>
                {
                    outbox.UsePostgres();
                    outbox.UseBusOutbox();
                });
            }));
        _host.StartServer();
    }

    private protected BotHost Host => _host;
    private protected ITestHarness Harness => _host.Services.GetTestHarness();
    private protected MessageHandler Handler => _host.Services.GetRequiredService<MessageHandler>();
    private protected IngestionMetrics Metrics => _host.Services.GetRequiredService<IngestionMetrics>();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        // What this bot leaves, the next test's would publish.
        await using (var scope = _host.Services.CreateAsyncScope())
        {
            var outbox = scope.ServiceProvider.GetRequiredService<GamesDbContext>().Set<OutboxMessage>();
            await Until.TrueAsync(async () => !await outbox.AnyAsync(), "the outbox is empty");
        }

        await _host.DisposeAsync();
    }

    private protected Task StoredAsync(string id) => Until.TrueAsync(async () => await FindAsync(id) is not null, $"message {id} is stored");

    private protected Task HandledAsync(int messages) => Until.TrueAsync(
        () => Metrics.Total("stored.created") + Metrics.Total("stored.edited") + Metrics.Total("stored.deleted")
            + Metrics.Total("duplicates") == messages,
        $"{messages} messages are handled");

    /// <summary>The changes that message.stored has told of, when there are so many.</summary>
    private protected async Task<string[]> ToldOfAsync(string id, int times)
    {
        await Until.TrueAsync(() => Told().Length == times, $"{times} changes of message {id} are told of");
        return Told();

        string[] Told() => [.. _told.Where(x => x.MessageId == id).Select(x => x.Change).Order()];
    }

    private protected async Task<DiscordMessage?> FindAsync(string id)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        return await db.DiscordMessages.AsNoTracking().SingleOrDefaultAsync(message => message.MessageId == id);
    }
}
