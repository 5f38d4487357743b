using System.Collections.Concurrent;
using System.Diagnostics;
using Games.Outbox;
using Games.Outbox.Database;
using Games.Outbox.Relay;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Games.Tests.Outbox;

/// <summary>One process wakes the relay of another. Whoever must not find a row by looking, looks every hour.</summary>
public sealed class NotificationTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    private const string UnreachableBroker = "rabbitmq://guest:guest@127.0.0.1:1/";

    private static readonly (string, string)[] NeverLooks = [("Outbox:PollInterval", "01:00:00"), ("Outbox:KeepAliveInterval", "01:00:00")];

    [Fact]
    public async Task What_a_process_told_not_to_deliver_has_committed_another_publishes_at_once()
    {
        await using var other = await StartAsync(database.ConnectionString, NeverLooks);
        await using var silent = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString,
            outbox: x => x.UseBusOutbox(bus => bus.DisableDeliveryService()));

        await AssertPublishesAsync(silent, other);
    }

    [Fact]
    public async Task What_a_process_without_its_broker_has_committed_another_publishes_at_once()
    {
        await using var other = await StartAsync(database.ConnectionString, NeverLooks);
        await using var cutOff = await StartCutOffAsync();

        await AssertPublishesAsync(cutOff, other);
    }

    [Fact]
    public async Task A_relay_whose_connection_was_terminated_hears_again()
    {
        await using var other = await StartAsync(database.ConnectionString, NeverLooks);
        await using var cutOff = await StartCutOffAsync();
        await AssertPublishesAsync(cutOff, other);
        var terminated = await ListenerBackends.TerminateAsync(database.ConnectionString);

        await Until.TrueAsync(async () =>
            !(await ListenerBackends.ListAsync(database.ConnectionString)).Intersect(terminated).Any() && Notifications(other).IsListening,
            "it listens again", TimeSpan.FromSeconds(5));

        await AssertPublishesAsync(cutOff, other);
    }

    [Fact]
    public async Task A_line_that_is_silently_dead_is_found_out_and_what_was_missed_is_published()
    {
        await using var line = CuttableLine.ToPostgres(database.ConnectionString, out var through);
        await using var other = await StartAsync(through,
            ("Outbox:PollInterval", "01:00:00"), ("Outbox:KeepAliveInterval", "00:00:01"), ("Outbox:KeepAliveTimeout", "00:00:01"));
        await using var cutOff = await StartCutOffAsync();

        line.Freeze();
        var missed = await cutOff.TakeNoteAsync();
        await Until.TrueAsync(() =>
            other.Logs.At(LogLevel.Warning).Any(x => x.Contains("The database is not available: no answer in time")),
            "the loss is noticed", TimeSpan.FromSeconds(10));
        line.Thaw();

        await Until.TrueAsync(() => Texts(other).Contains(missed.Text), "what was missed has arrived", TimeSpan.FromSeconds(10));
        await Until.TrueAsync(() => Notifications(other).IsListening, "it listens again", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Without_notifications_rows_are_found_by_the_poll()
    {
        await using var other = await StartAsync(database.ConnectionString, listens: false, ("Outbox:Notifications", "false"),
            ("Outbox:PollInterval", "00:00:00.200"));
        await using var silent = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString,
            outbox: x => x.UseBusOutbox(bus => bus.DisableDeliveryService()), host: x => x.Configuration["Outbox:Notifications"] = "false");

        await AssertPublishesAsync(silent, other);
        Assert.Empty(await ListenerBackends.ListAsync(database.ConnectionString));
    }

    [Fact]
    public async Task With_nothing_to_do_relay_listener_and_clean_up_send_twelve_statements_a_minute_at_most()
    {
        const int Scale = 60;
        var defaults = new OutboxOptions();
        var counter = new StatementCounter();
        await using var line = CuttableLine.ToPostgres($"{database.ConnectionString};Max Auto Prepare=100", out var through, counter);
        await using var service = await StartAsync(through, [.. new[] { "PollInterval", "KeepAliveInterval", "CleanUpInterval" }
            .Select(x => ($"Outbox:{x}", ((TimeSpan)typeof(OutboxOptions).GetProperty(x)!.GetValue(defaults)! / Scale).ToString()))]);
        await Until.TrueAsync(async () => !await service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync()), "it has nothing to do");

        var before = counter.Count;
        var since = Stopwatch.GetTimestamp();
        await Until.TrueAsync(() => counter.Count >= before + 60, "sixty statements were sent");

        Assert.InRange((counter.Count - before) / (Stopwatch.GetElapsedTime(since) * Scale).TotalMinutes, 1, 12);
    }

    private static async Task AssertPublishesAsync(NotesService from, NotesService through)
    {
        // More than one, so that a look that happened to come by cannot pass for a wake-up.
        for (var i = 0; i < 3; i++)
        {
            var taken = await from.TakeNoteAsync();
            await Until.TrueAsync(() => Texts(through).Contains(taken.Text), "the other has published it", TimeSpan.FromSeconds(5));
        }
    }

    private Task<NotesService> StartAsync(string connectionString, params (string Key, string Value)[] settings) =>
        StartAsync(connectionString, listens: true, settings);

    private async Task<NotesService> StartAsync(string connectionString, bool listens, params (string Key, string Value)[] settings)
    {
        var service = await NotesService.StartAsync(connectionString, broker.ConnectionString, x => x.AddConsumer<TakenConsumer>(),
            host: x => x.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)));
        var first = await service.TakeNoteAsync();
        await Until.TrueAsync(() => Texts(service).Contains(first.Text), "messages flow");
        await Until.TrueAsync(() => Notifications(service).IsListening == listens, "it listens");

        return service;
    }

    private Task<NotesService> StartCutOffAsync() => NotesService.StartAsync(database.ConnectionString, UnreachableBroker,
        host: x => x.Services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = false));

    private static Notifications<NotesDbContext> Notifications(NotesService service) =>
        service.Services.GetRequiredService<Notifications<NotesDbContext>>();

    private static string[] Texts(NotesService service) => [.. service.Services.GetRequiredService<Seen>().Of<string>()];

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context.Message.Text);

            return Task.CompletedTask;
        }
    }
}
