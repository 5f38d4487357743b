using System.Data.Common;
using Games.Outbox.Inspection;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Outbox;

/// <summary>Pause and resume, with relays that run. Each test ends with relaying resumed: the row is for all.</summary>
public sealed class PausingTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>,
    IAsyncDisposable
{
    private readonly List<NotesService> _running = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _running)
            await service.DisposeAsync();
    }

    [Fact]
    public async Task Two_replicas_stop_and_go_on_together_and_nothing_is_lost_or_doubled()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        await ArrivesAsync(await first.TakeNoteAsync());
        await ArrivesAsync(await second.TakeNoteAsync());

        await Control(first).PauseAsync("a test", default);
        await Until.TrueAsync(() => KnowsOfPause(first) && KnowsOfPause(second), "both know of the pause");
        // Inserted by a commit that hands over from memory, by one that does not, and by both replicas.
        var taken = new[] { await first.TakeNoteAsync(), await second.TakeNoteAsync(), await TakeInTransactionAsync(first),
            await TakeInTransactionAsync(second) };
        await LooksOnceMoreAsync(first);
        await LooksOnceMoreAsync(second);

        Assert.All(taken, x => Assert.DoesNotContain(Arrived(), arrived => arrived.Text == x.Text));
        var summary = await Inspection(second).SummariseAsync(default);
        Assert.Equal((4, 0), (summary.Pending.Rows, summary.Leased.Rows));

        await Control(second).ResumeAsync(default);
        foreach (var note in taken)
            await ArrivesAsync(note);
        await Until.TrueAsync(() => first.QueryAsync(async db => !await db.Set<OutboxMessage>().AnyAsync()), "their rows are gone");
        Assert.All(taken, x => Assert.Single(Arrived(), arrived => arrived.Text == x.Text));
    }

    [Fact]
    public async Task What_waits_in_memory_when_the_pause_comes_goes_back_to_the_table()
    {
        await using var line = CuttableLine.ToBroker(broker.ConnectionString, out var through);
        var service = await StartAsync(through, ("Outbox:PublishLimit", "2"));
        await ArrivesAsync(await service.TakeNoteAsync());
        await Until.TrueAsync(() => LeasedAsync(service, 0), "it is deleted");
        await service.FlowsAsync();
        line.Freeze();
        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => service.TakeNoteAsync()));
        Assert.True(await LeasedAsync(service, 20));

        await Control(service).PauseAsync("a test", default);
        await Until.TrueAsync(() => KnowsOfPause(service), "it knows of the pause");
        line.Thaw();

        await Until.TrueAsync(() => LeasedAsync(service, 0), "nothing is leased any more");
        Assert.Equal(18, (await Inspection(service).SummariseAsync(default)).Pending.Rows);

        await Control(service).ResumeAsync(default);
        await Until.TrueAsync(() => taken.All(x => Arrived().Any(arrived => arrived.Text == x.Text)), "all have arrived");
        Assert.All(taken, x => Assert.Single(Arrived(), arrived => arrived.Text == x.Text));
    }

    [Fact]
    public async Task A_pause_outlives_the_process_that_made_it()
    {
        var first = await StartAsync();
        await Control(first).PauseAsync("a test", default);
        await Until.TrueAsync(() => KnowsOfPause(first), "it knows of the pause");
        var taken = await first.TakeNoteAsync();
        _running.Remove(first);
        await first.DisposeAsync();

        var heir = await StartAsync();
        await Until.TrueAsync(() => KnowsOfPause(heir), "the heir knows of the pause");
        await LooksOnceMoreAsync(heir);
        Assert.DoesNotContain(Arrived(), x => x.Text == taken.Text);

        await Control(heir).ResumeAsync(default);
        await ArrivesAsync(taken);
    }

    [Theory]
    [InlineData("Outbox:PollInterval", "01:00:00")]
    [InlineData("Outbox:Notifications", "false")]
    public async Task A_process_without_a_relay_stops_those_that_publish_from_memory_alone(string key, string value)
    {
        // Leases do not end meanwhile, and the keep-alive does not look: only the pause itself can make a relay claim.
        var service = await StartAsync(null, ("Outbox:Lease", "01:00:00"), ("Outbox:KeepAliveInterval", "01:00:00"), (key, value));
        await ArrivesAsync(await service.TakeNoteAsync());
        await Until.TrueAsync(() => LeasedAsync(service, 0), "it is deleted");
        await using var console = new ServiceCollection()
            .AddLogging()
            .AddDbContext<NotesDbContext>(x => x.UseNpgsql(database.ConnectionString))
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
        .AddOutboxInspection<NotesDbContext>()
            .BuildServiceProvider();
        var control = console.GetRequiredService<OutboxControl<NotesDbContext>>();

        await control.PauseAsync("a person", default);

        await Until.TrueAsync(() => KnowsOfPause(service), "it knows of the pause");
        var taken = await service.TakeNoteAsync();
        Assert.True(await LeasedAsync(service, 0));
        await control.ResumeAsync(default);
        await ArrivesAsync(taken);
    }

    private static OutboxControl<NotesDbContext> Control(NotesService service) =>
        service.Services.GetRequiredService<OutboxControl<NotesDbContext>>();

    private static OutboxInspection<NotesDbContext> Inspection(NotesService service) =>
        service.Services.GetRequiredService<OutboxInspection<NotesDbContext>>();

    private static bool KnowsOfPause(NotesService service) => service.Logs.At(LogLevel.Warning).Any(x => x.Contains("relaying is paused by a "));

    /// <summary>Ends when the table was looked at after this call, which wakes the relay: what can be published by then is.</summary>
    private static async Task LooksOnceMoreAsync(NotesService service)
    {
        var looks = service.Services.GetRequiredService<Looks>();
        var before = looks.Count;
        service.Services.GetRequiredService<OutboxRelay<NotesDbContext>>().RowsCommitted();
        await Until.TrueAsync(() => looks.Count >= before + 2, "the relay has looked at the table");
    }

    private static async Task<NoteTaken> TakeInTransactionAsync(NotesService service)
    {
        var taken = new NoteTaken(Guid.CreateVersion7(), $"note {Guid.NewGuid():N}");
        await service.InScopeAsync(async (db, publisher) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(new Note { Id = taken.Id, Text = taken.Text });
            await publisher.Publish(taken);
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
        });

        return taken;
    }

    private Task ArrivesAsync(NoteTaken note) => Until.TrueAsync(() => Arrived().Any(x => x.Text == note.Text), "the note has arrived");

    private NoteTaken[] Arrived() => [.. _running.SelectMany(x => x.Services.GetRequiredService<Seen>().Of<NoteTaken>())];

    private static async Task<bool> LeasedAsync(NotesService service, long count) =>
        (await Inspection(service).SummariseAsync(default)).Leased.Rows == count;

    private async Task<NotesService> StartAsync(string? address = null, params (string Key, string Value)[] settings)
    {
        var service = await NotesService.BuildAsync(database.ConnectionString, address ?? broker.ConnectionString, x =>
            x.AddConsumer<TakenConsumer>(), host: x =>
        {
            x.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Outbox:PollInterval"] = "00:00:00.500" });
            x.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
            x.Services.AddSingleton<Looks>();
            x.Services.ConfigureDbContext<NotesDbContext>((provider, options) => options.AddInterceptors(provider.GetRequiredService<Looks>()));
        });
        _running.Add(service);
        await service.StartAsync();

        return service;
    }

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }
    }

    /// <summary>Counts the connections that a service opens: one for each statement of its relay.</summary>
    private sealed class Looks : DbConnectionInterceptor
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData,
            CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _count);

            return Task.CompletedTask;
        }
    }
}
