using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Games.Outbox;
using Games.Outbox.Monitoring;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Games.Tests.Outbox;

public sealed class MetricTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task The_gauges_say_what_waits_how_long_and_what_is_dead()
    {
        await using var service = await BuildAsync(database.ConnectionString);
        await EmptyAsync(service);
        await service.TakeNoteAsync();
        await service.TakeNoteAsync();
        await service.TakeNoteAsync("dead");
        await service.TakeNoteAsync("scheduled");
        await ExecuteAsync("""UPDATE "OutboxMessage" SET "Created" = now() - interval '1 hour'""");
        await ExecuteAsync("""UPDATE "OutboxMessage" SET "NextAttempt" = 'infinity', "Dead" = now(), "Created" = now() - interval '1 day' """
            + """WHERE "Body" LIKE '%dead%'""");
        await ExecuteAsync("""UPDATE "OutboxMessage" SET "NextAttempt" = now() + interval '1 day', """
            + """ "EnqueueTime" = now() + interval '1 day', "Created" = now() - interval '1 day' """
            + """WHERE "Body" LIKE '%scheduled%'""");

        using var figures = new Figures(service);
        figures.Collect();

        Assert.Equal(3, figures.Last("outbox.pending"));
        Assert.Equal(1, figures.Last("outbox.dead"));
        Assert.InRange(figures.Last("outbox.oldest.age"), 3600, 3700);

        await EmptyAsync(service);
        figures.Collect();

        Assert.Equal(0, figures.Last("outbox.pending"));
        Assert.Equal(0, figures.Last("outbox.oldest.age"));
    }

    [Fact]
    public async Task A_backlog_beyond_the_bound_is_estimated_without_a_scan()
    {
        await using var service = await BuildAsync(database.ConnectionString);
        await EmptyAsync(service);
        await service.TakeNoteAsync("backlog");
        await ExecuteAsync("""
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body", "NextAttempt")
            SELECT gen_random_uuid(), "SentTime", "ContentType", "MessageType", "Body", CASE WHEN n <= 30000 THEN 'infinity'::timestamptz END
            FROM "OutboxMessage", generate_series(1, 60000) n
            """);
        await ExecuteAsync("""VACUUM ANALYZE "OutboxMessage" """);
        using var figures = new Figures(service);

        await Until.TrueAsync(() =>
        {
            figures.Collect();

            return figures.Any("outbox.pending");
        }, "the database has answered");

        // 30,001 wait and 30,000 are dead, of which 10,000 are counted.
        Assert.InRange(figures.Last("outbox.pending"), 45_000, 55_000);
        Assert.Equal(OutboxBacklog<NotesDbContext>.CountLimit, figures.Last("outbox.dead"));
        var measure = await service.QueryAsync(db =>
            Task.FromResult(OutboxBacklog<NotesDbContext>.Measure(new(db.Model, db.GetService<ISqlGenerationHelper>()))));
        var plan = await ReadAsync($"EXPLAIN (ANALYZE, TIMING OFF) {measure.Replace("$1", "10000", StringComparison.Ordinal)}");
        Assert.DoesNotContain(plan, x => x.Contains("Seq Scan on \"OutboxMessage\""));
        Assert.DoesNotContain(plan, x => x.Contains("actual rows=30000 ") || x.Contains("actual rows=30001 "));
        await EmptyAsync(service);
    }

    [Fact]
    public async Task However_often_the_gauges_are_read_the_table_is_counted_once_an_interval()
    {
        var counter = new StatementCounter();
        await using var line = CuttableLine.ToPostgres(database.ConnectionString, out var through, counter);
        await using var service = await BuildAsync(through, ("Outbox:MeasureInterval", "01:00:00"));
        using var figures = new Figures(service);
        var before = counter.Count;

        for (var i = 0; i < 100; i++)
            figures.Collect();

        Assert.True(figures.Any("outbox.pending"));
        // One, and the reset of the pooled connection before it.
        Assert.InRange(counter.Count - before, 1, 2);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_makes_the_gauges_silent_and_holds_them_up_for_two_seconds()
    {
        await using var line = CuttableLine.ToPostgres(database.ConnectionString, out var through);
        await using var service = await BuildAsync(through);
        using var figures = new Figures(service);
        line.Freeze();
        var start = Stopwatch.GetTimestamp();

        figures.Collect();

        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(4));
        Assert.False(figures.Any("outbox.pending") || figures.Any("outbox.dead") || figures.Any("outbox.oldest.age"));
        line.Thaw();
    }

    [Fact]
    public async Task A_message_handed_over_from_memory_is_timed_from_its_commit()
    {
        await using var service = await StartAsync();
        using var figures = new Figures(service);

        await service.TakeNoteAsync();

        await Until.TrueAsync(() => figures.Any("outbox.commit_to_publish.duration"), "its time is noted");
        Assert.InRange(figures.Last("outbox.commit_to_publish.duration"), 0.000_01, 20);
        Assert.True(figures.Any("outbox.wakeups", "commit"));
        Assert.False(figures.Any("outbox.relay.batch.size"));
    }

    [Fact]
    public async Task A_message_from_the_table_is_timed_from_its_insertion_and_counts_in_a_batch()
    {
        await using var service = await BuildAsync(database.ConnectionString, ("Outbox:HandoffLimit", "0"));
        using var figures = new Figures(service);
        await using (var process = await BuildAsync(database.ConnectionString))
            await process.TakeNoteAsync("old");
        await ExecuteAsync("""UPDATE "OutboxMessage" SET "Created" = now() - interval '1 hour' WHERE "Body" LIKE '%old%'""");

        // Not before the row is old: its lease would end, and the service would publish it young.
        await service.StartAsync();
        await service.TakeNoteAsync();

        await Until.TrueAsync(() => figures.All("outbox.commit_to_publish.duration").Any(x => x is > 3600 and < 3700), "its time is noted");
        Assert.InRange(figures.Last("outbox.relay.batch.size"), 1, 2);
    }

    [Fact]
    public async Task Retries_and_duplicates_are_counted()
    {
        await using var service = await StartAsync(("Outbox:MaxAttempts", "3"), ("Outbox:RetryDelay", "00:00:00.020"));
        using var figures = new Figures(service);

        await service.InScopeAsync((db, _) =>
        {
            db.Add(new OutboxMessage
            {
                MessageId = Guid.CreateVersion7(),
                SentTime = TimeProvider.System.GetUtcNow().UtcDateTime,
                ContentType = "application/json",
                MessageType = "urn:message:Nobody",
                Body = "no destination"
            });

            return db.SaveChangesAsync();
        });
        var again = new NoteTaken(Guid.CreateVersion7(), "three times");
        for (var i = 0; i < 3; i++)
            await service.Services.GetRequiredService<IBus>().Publish(again, x => x.MessageId = again.Id);
        await service.TakeNoteAsync();

        await Until.TrueAsync(() => service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.Dead != null)), "the poison is dead");
        await Until.TrueAsync(() => figures.All("inbox.duplicates").Sum() is 2, "both repeats are counted");
        // The third failure is its last: that one is not tried again.
        Assert.Equal(2, figures.All("outbox.retries").Sum());
    }

    [Fact]
    public async Task Wake_ups_are_counted_by_what_caused_them()
    {
        await using var service = await StartAsync(("Outbox:KeepAliveInterval", "00:00:00.200"));
        using var figures = new Figures(service);
        await using var silent = await NotesService.StartAsync(database.ConnectionString, broker.ConnectionString,
            outbox: x => x.UseBusOutbox(bus => bus.DisableDeliveryService()));

        await silent.TakeNoteAsync();
        await Until.TrueAsync(() => figures.Any("outbox.wakeups", "notify"), "a notification has woken it");

        await ExecuteAsync("""
            SELECT pg_terminate_backend(pid)
            FROM (SELECT pid FROM pg_stat_activity WHERE application_name = 'outbox' AND datname = current_database() OFFSET 0) others
            """);
        await Until.TrueAsync(() => figures.Any("outbox.wakeups", "reconnect"), "the reconnection has woken it");

        // Laid down by nobody who tells.
        await ExecuteAsync("""
            INSERT INTO "OutboxMessage" ("MessageId", "SentTime", "ContentType", "MessageType", "Body")
                VALUES (gen_random_uuid(), now(), 'a/b', 'c', 'd')
            """);
        await Until.TrueAsync(() => figures.Any("outbox.wakeups", "poll"), "a look has woken it");
    }

    private Task<NotesService> BuildAsync(string connectionString, params (string Key, string Value)[] settings) => NotesService.BuildAsync(
        connectionString, broker.ConnectionString, x => x.AddConsumer<TakenConsumer, TakenConsumerDefinition>(),
        host: x => x.Configuration.AddInMemoryCollection(
            settings.Prepend(("Outbox:MeasureInterval", "00:00:00")).GroupBy(s => s.Item1).ToDictionary(s => s.Key, s => (string?)s.Last().Item2)));

    private async Task<NotesService> StartAsync(params (string Key, string Value)[] settings)
    {
        var service = await BuildAsync(database.ConnectionString, settings);
        await EmptyAsync(service);
        await service.StartAsync();
        var first = await service.TakeNoteAsync();
        await Until.TrueAsync(() => service.Services.GetRequiredService<Seen>().Of<string>().Contains(first.Text), "messages flow");

        return service;
    }

    private static Task EmptyAsync(NotesService service) => service.QueryAsync(db => db.Set<OutboxMessage>().ExecuteDeleteAsync());

    private Task ExecuteAsync(string sql) => ReadAsync(sql);

    private async Task<List<string>> ReadAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add($"{reader[0]}");

        return lines;
    }

    /// <summary>What the meter of one service has said.</summary>
    private sealed class Figures : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<(string Name, double Value, string? Source)> _figures = new();

        public Figures(NotesService service)
        {
            var factory = service.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Games.Outbox" && instrument.Meter.Scope == factory)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>(Add);
            _listener.SetMeasurementEventCallback<int>(Add);
            _listener.SetMeasurementEventCallback<double>(Add);
            _listener.Start();
        }

        public void Collect() => _listener.RecordObservableInstruments();

        public double[] All(string name) => [.. _figures.Where(x => x.Name == name).Select(x => x.Value)];

        public double Last(string name) => All(name).Last();

        public bool Any(string name, string? source = null) => _figures.Any(x => x.Name == name && (source is null || x.Source == source));

        public void Dispose() => _listener.Dispose();

        private void Add<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
            where T : struct =>
            _figures.Enqueue((instrument.Name, Convert.ToDouble(value), tags.Length > 0 ? (string?)tags[0].Value : null));
    }

    private sealed class TakenConsumer(Seen seen) : IConsumer<NoteTaken>
    {
        public Task Consume(ConsumeContext<NoteTaken> context)
        {
            seen.Add(context.Message.Text);

            return Task.CompletedTask;
        }
    }

    private sealed class TakenConsumerDefinition : ConsumerDefinition<TakenConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<TakenConsumer> consumer, IRegistrationContext context) =>
            endpoint.UseEntityFrameworkOutbox<NotesDbContext>(context);
    }
}
