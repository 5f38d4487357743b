using System.Diagnostics.Metrics;
using System.Text;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Games.Tests.Outbox;

/// <summary>What becomes of a message that no queue would get: news is dropped and counted, what must arrive waits without a storm.</summary>
public sealed class UnroutableTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task A_publish_that_nobody_consumes_is_dropped_and_counted_and_nobody_is_alarmed()
    {
        await using var service = await StartAsync();
        using var dropped = new Dropped(service);

        await service.InScopeAsync(async (db, publisher) =>
        {
            for (var i = 0; i < 20; i++)
                await publisher.Publish(new Gossip($"news {i}"));
            await db.SaveChangesAsync();
        });

        await Until.TrueAsync(() => dropped.Count("no_queue") == 20, "all are counted");
        await Until.TrueAsync(() => IsEmptyAsync(service), "none is kept");
        Assert.Empty(service.Logs.At(LogLevel.Warning).Concat(service.Logs.At(LogLevel.Error)));
        Assert.Equal(HealthStatus.Healthy, await CheckAsync(service));
    }

    [Fact]
    public async Task A_scheduled_publish_that_nobody_consumes_is_dropped_too()
    {
        await using var service = await StartAsync(outbox: x => x.AddMessageScheduler());
        using var dropped = new Dropped(service);

        await service.InScopeAsync(async (db, publisher) =>
        {
            await publisher.Publish(new Gossip("later"), x => x.Delay = TimeSpan.FromMilliseconds(50));
            await db.SaveChangesAsync();
        });
        await using (var scope = service.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<IMessageScheduler>().SchedulePublish(DateTime.UnixEpoch, new Gossip("long ago"));
            await scope.ServiceProvider.GetRequiredService<NotesDbContext>().SaveChangesAsync();
        }

        await Until.TrueAsync(() => dropped.Count("no_queue") == 2, "both are counted");
    }

    [Theory]
    [InlineData("sent")]
    [InlineData("published, and its type is mandatory")]
    [InlineData("published, and it is mandatory")]
    public async Task What_must_arrive_is_kept_with_its_error_and_leaves_when_a_queue_is_there(string how)
    {
        await using var service = await StartAsync(rabbitMq: x =>
            x.ConfigurePublish(publish => publish.UseExecute(context => context.Mandatory |= context is PublishContext<Summons>)));
        var queue = $"kept-{how.Length}";

        await using (var scope = service.Services.CreateAsyncScope())
        {
            var publisher = scope.ServiceProvider.GetRequiredService<IPublishEndpoint>();
            if (how == "sent")
                await SendAsync(service, queue, 1);
            else if (how.Contains("type"))
                await publisher.Publish(new Summons(how));
            else
                await publisher.Publish(new Announcement(how), x => x.Mandatory = true);
            await scope.ServiceProvider.GetRequiredService<NotesDbContext>().SaveChangesAsync();
        }

        await Until.TrueAsync(() => AnyAsync(service, x => x.Attempts == 0 && x.LastError!.Contains("Returned")), "the broker has returned it");
        await using var channel = await ChannelAsync();
        await channel.QueueDeclareAsync(queue, exclusive: false, autoDelete: false);
        await channel.QueueBindAsync(queue, how == "sent" ? queue : how.Contains("type") ? Name<Summons>() : Name<Announcement>(), "");

        await Until.TrueAsync(async () => await channel.MessageCountAsync(queue) == 1, "it has arrived");
        await Until.TrueAsync(() => IsEmptyAsync(service), "its row is gone");
        var message = (await channel.BasicGetAsync(queue, autoAck: true))!;
        Assert.DoesNotContain("Outbox-", Encoding.UTF8.GetString(message.Body.Span) + string.Join(" ", message.BasicProperties.Headers!.Keys));
    }

    [Fact]
    public async Task A_message_that_may_be_dropped_is_dropped_also_when_it_is_sent()
    {
        await using var service = await StartAsync();
        using var dropped = new Dropped(service);

        await SendAsync(service, "nowhere", 1, x => x.AllowUnroutable());

        await Until.TrueAsync(() => dropped.Count("no_queue") == 1, "it is counted");
        await Until.TrueAsync(() => IsEmptyAsync(service), "its row is gone");
    }

    [Theory]
    [InlineData(2000)]
    [InlineData(0)]
    public async Task Of_a_thousand_without_a_queue_one_is_tried_until_the_queue_is_there_and_then_all_leave(int handoffLimit)
    {
        const int Count = 1000;
        var queue = $"storm-{handoffLimit}";
        await using var service = await StartAsync(("Outbox:UnroutableDelay", "00:00:00.100"), ("Outbox:HandoffLimit", $"{handoffLimit}"));
        await SendAsync(service, queue, Count);
        await Until.TrueAsync(() => CountAsync(service, x => x.LastError != null, Count), "all were returned");

        var before = await NextAttemptsAsync(service);
        var probes = new HashSet<string>();
        await Until.TrueAsync(async () =>
        {
            probes.UnionWith((await NextAttemptsAsync(service)).Except(before));

            return probes.Count == 10;
        }, "one was tried ten times");
        Assert.InRange((await NextAttemptsAsync(service)).Except(before).Count(), 1, 3);
        Assert.Contains(queue, Assert.Single(service.Logs.At(LogLevel.Warning)));
        Assert.Empty(service.Logs.At(LogLevel.Error));

        await using var channel = await ChannelAsync();
        await channel.QueueDeclareAsync(queue, exclusive: false, autoDelete: false);
        await channel.QueueBindAsync(queue, queue, "");

        await Until.TrueAsync(async () => await channel.MessageCountAsync(queue) == Count, "all have arrived");
        await Until.TrueAsync(() => IsEmptyAsync(service), "their rows are gone");
    }

    [Fact]
    public async Task What_was_returned_and_has_expired_is_dropped_and_counted_and_nobody_is_alarmed()
    {
        await using var service = await StartAsync();
        using var dropped = new Dropped(service);

        await SendAsync(service, "expiring", 20, x => x.TimeToLive = TimeSpan.FromSeconds(1));

        await Until.TrueAsync(() => dropped.Count("expired") == 20, "all are counted");
        await Until.TrueAsync(() => IsEmptyAsync(service), "none is kept");
        Assert.Empty(service.Logs.At(LogLevel.Error));
        Assert.Equal(HealthStatus.Healthy, await CheckAsync(service));
    }

    [Fact]
    public async Task What_expired_before_its_first_publish_is_dropped_and_keeps_nothing_back()
    {
        await using var service = await BuildAsync([]);
        await SendAsync(service, "expired", 300, x => x.TimeToLive = TimeSpan.FromMilliseconds(1));
        await service.TakeNoteAsync("behind what has expired");
        using var dropped = new Dropped(service);

        await service.StartAsync();

        var seen = service.Services.GetRequiredService<Seen>();
        await Until.TrueAsync(() => seen.Of<string>().Contains("behind what has expired"), "the other has arrived");
        await Until.TrueAsync(() => dropped.Count("expired") == 300, "all are counted");
        await Until.TrueAsync(
            () => service.Logs.At(LogLevel.Information).Any(line => line.Contains("expired before they could leave")), "a line says so");
    }

    private async Task<NotesService> BuildAsync(
        (string Key, string Value)[] settings, Action<IEntityFrameworkOutboxConfigurator>? outbox = null,
        Action<IRabbitMqBusFactoryConfigurator>? rabbitMq = null)
    {
        var service = await NotesService.BuildAsync(
            database.ConnectionString, broker.ConnectionString, x => x.AddConsumer<TakenConsumer>(), outbox, (_, x) => rabbitMq?.Invoke(x),
            x => x.Configuration.AddInMemoryCollection(
                settings.Append(("Outbox:MeasureInterval", "00:00:00")).ToDictionary(s => s.Item1, s => (string?)s.Item2)));
        await service.QueryAsync(db => db.Set<OutboxMessage>().ExecuteDeleteAsync());

        return service;
    }

    private Task<NotesService> StartAsync(params (string Key, string Value)[] settings) => StartAsync(null, null, settings);

    private async Task<NotesService> StartAsync(
        Action<IEntityFrameworkOutboxConfigurator>? outbox = null, Action<IRabbitMqBusFactoryConfigurator>? rabbitMq = null,
        params (string Key, string Value)[] settings)
    {
        var service = await BuildAsync(settings, outbox, rabbitMq);
        await service.StartAsync();
        await Until.TrueAsync(() => service.Logs.At(LogLevel.Information).Any(x => x.Contains("messages flow")), "messages flow");

        return service;
    }

    private static async Task SendAsync(NotesService service, string exchange, int count, Action<SendContext>? change = null)
    {
        await using var scope = service.Services.CreateAsyncScope();
        var endpoint = await scope.ServiceProvider.GetRequiredService<ISendEndpointProvider>().GetSendEndpoint(new($"exchange:{exchange}"));
        for (var i = 0; i < count; i++)
        {
            await endpoint.Send(new Gossip($"{i}"), x =>
            {
                x.KeepNoOrder();
                change?.Invoke(x);
            });
        }
        await scope.ServiceProvider.GetRequiredService<NotesDbContext>().SaveChangesAsync();
    }

    private async Task<IChannel> ChannelAsync() =>
        await (await new ConnectionFactory { Uri = new(broker.ConnectionString) }.CreateConnectionAsync()).CreateChannelAsync();

    private static string Name<T>() => $"{typeof(T).Namespace}:{typeof(UnroutableTests).Name}-{typeof(T).Name}";

    private static Task<bool> IsEmptyAsync(NotesService service) => service.QueryAsync(db => db.Set<OutboxMessage>().AllAsync(x => false));

    private static Task<bool> AnyAsync(NotesService service, System.Linq.Expressions.Expression<Func<OutboxMessage, bool>> hold) =>
        service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(hold));

    private static Task<bool> CountAsync(NotesService service, System.Linq.Expressions.Expression<Func<OutboxMessage, bool>> hold, int count) =>
        service.QueryAsync(async db => await db.Set<OutboxMessage>().CountAsync(hold) == count);

    private static Task<string[]> NextAttemptsAsync(NotesService service) => service.QueryAsync(db => db.Database.SqlQuery<string>(
        $"""SELECT "SequenceNumber" || ' at ' || "NextAttempt" AS "Value" FROM "OutboxMessage" """).ToArrayAsync());

    private static async Task<HealthStatus> CheckAsync(NotesService service) =>
        (await service.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(x => x.Tags.Contains("outbox"))).Status;

    public sealed record Gossip(string Text);

    public sealed record Summons(string Text);

    public sealed record Announcement(string Text);

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context.Message.Text);

            return Task.CompletedTask;
        }
    }

    /// <summary>What one service's counter says.</summary>
    private sealed class Dropped : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _withoutQueue, _expired;

        public Dropped(NotesService service)
        {
            var factory = service.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "outbox.dropped" && instrument.Meter.Scope == factory)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
                Interlocked.Add(ref tags[0].Value is "expired" ? ref _expired : ref _withoutQueue, value));
            _listener.Start();
        }

        public long Count(string reason) => Interlocked.Read(ref reason == "expired" ? ref _expired : ref _withoutQueue);

        public void Dispose() => _listener.Dispose();
    }
}
