using System.Diagnostics;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Bench.Events;

/// <summary>Drives the journal and the ingestion of running services by SQL and AMQP, and sees the results there.</summary>
internal sealed class EventsRun(NpgsqlDataSource database, string rabbitMq, OutboxTable outbox, EventsLoad load)
{
    private const string Channel = "bench";
    private const string InsertOne = $"""
        insert into events (id, event_type, channel, payload, source) values ($1, 'bench.event', '{Channel}', jsonb_build_object('n', $2), 'bench')
        """;
    private const string InsertMany = $"""
        insert into events (event_type, channel, payload, source, correlation_id)
        select 'bench.event', '{Channel}', jsonb_build_object('n', n), 'bench',
            case when n % 5 = 0 and $2 > 0 then ('00000000-0000-4000-8000-' || lpad((n / 5 % greatest($2, 1))::text, 12, '0'))::uuid end
        from generate_series(1, $1) n
        """;
    private const string StoredExchange = "message.stored";

    // A snowflake of 2024: none of these is in the future.
    private const long FirstMessage = 1_300_000_000_000_000_000;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    public async Task<EventsFigures> RunAsync(BeginPhase begin, CancellationToken ct)
    {
        await using var events = await EventListener.BindAsync(rabbitMq, $"events.{Channel}", ct);
        await using var stored = await EventListener.BindAsync(rabbitMq, StoredExchange, ct);
        if (load.WarmUp > 0)
        {
            await DispatchAsync(events, load.WarmUp, begin("warm-up: events dispatched", load.WarmUp), ct);
            await IngestAsync(stored, FirstMessage - load.WarmUp, load.WarmUp, begin("warm-up: messages ingested", load.WarmUp), ct);
        }

        var single = Math.Max(1, (int)(load.Rate * load.Seconds));
        var inserts = await InsertAsync(events, single, begin($"{single} events inserted, {load.Rate:0.#}/s", single), ct);
        var dispatch = await DispatchAsync(events, load.Rows, begin($"{load.Rows} events of one statement consumed", load.Rows), ct);
        var ingest = await IngestAsync(stored, FirstMessage, load.Messages, begin($"{load.Messages} messages ingested", load.Messages), ct);

        return new(inserts, dispatch, ingest, load.IdleSeconds > 0 ? await MeasureIdleAsync(begin("at rest", load.IdleSeconds), ct) : null);
    }

    /// <summary>The ingestion alone, which the limit has too.</summary>
    public async Task<BulkFigures> IngestAsync(BeginPhase begin, CancellationToken ct)
    {
        await using var stored = await EventListener.BindAsync(rabbitMq, StoredExchange, ct);
        if (load.WarmUp > 0)
            await IngestAsync(stored, FirstMessage - load.WarmUp, load.WarmUp, begin("limit: warm-up", load.WarmUp), ct);

        return await IngestAsync(stored, FirstMessage, load.Messages, begin($"limit: {load.Messages} messages ingested", load.Messages), ct);
    }

    /// <summary>At a constant rate, whether or not the earlier ones have arrived.</summary>
    private async Task<InsertFigures> InsertAsync(EventListener listener, int count, IProgress<double> phase, CancellationToken ct)
    {
        listener.Reset();
        var (ids, inserts) = (new Guid[count], new Task<long>[count]);
        var started = Stopwatch.GetTimestamp();
        for (var number = 0; number < count; number++)
        {
            if (TimeSpan.FromSeconds(number / load.Rate) - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } wait)
                await Task.Delay(wait, ct);
            ids[number] = Guid.CreateVersion7();
            inserts[number] = InsertAsync(ids[number], number, ct);
            phase.Report(number + 1);
        }
        var sent = await Task.WhenAll(inserts);
        await WaitForAsync(listener, count, phase, ct);

        var milliseconds = (from insert in ids.Zip(sent, (id, at) => (Sent: at, Arrival: listener.FirstArrivalOf(id)))
                            where insert.Arrival is not null
                            select Stopwatch.GetElapsedTime(insert.Sent, insert.Arrival!.Value).TotalMilliseconds).ToArray();
        return new(count, Distribution.Of(milliseconds), count - milliseconds.Length, listener.Repeats);
    }

    private async Task<long> InsertAsync(Guid id, int number, CancellationToken ct)
    {
        var sent = Stopwatch.GetTimestamp();
        await database.ExecuteAsync(InsertOne, ct, id, number);
        return sent;
    }

    private async Task<BulkFigures> DispatchAsync(EventListener listener, int rows, IProgress<double> phase, CancellationToken ct)
    {
        listener.Reset();
        await database.ExecuteAsync(InsertMany, ct, rows, load.Correlations);
        var committed = Stopwatch.GetTimestamp();

        await WaitForAsync(listener, rows, phase, ct);
        await WaitForEmptyOutboxAsync(ct);
        return new(rows, Stopwatch.GetElapsedTime(committed, listener.LastArrival).TotalSeconds, rows - listener.Received, listener.Repeats);
    }

    /// <summary>A message is ingested when its row is stored; message.stored must be published once for each, else it took effect twice.</summary>
    private async Task<BulkFigures> IngestAsync(EventListener stored, long firstId, int messages, IProgress<double> phase, CancellationToken ct)
    {
        stored.Reset();
        var started = Stopwatch.GetTimestamp();
        var publishing = new DiscordMessages(rabbitMq).PublishAsync(firstId, messages, ct);
        var rows = await WaitForAsync(
            () => database.ScalarAsync<long>(
                "select count(*) from discord_messages where message_id::bigint between $1 and $2", ct, firstId, firstId + messages - 1),
            messages,
            phase,
            ct);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await publishing;
        await WaitForAsync(stored, messages, phase, ct);
        await WaitForEmptyOutboxAsync(ct);

        return new(messages, seconds, messages - (int)Math.Min(rows, stored.Received), Math.Max(0, stored.Received - messages) + stored.Repeats);
    }

    private async Task<IdleFigures> MeasureIdleAsync(IProgress<double> phase, CancellationToken ct)
    {
        var statements = new IdleStatements(database);
        if (!await statements.CanBeCountedAsync(ct))
            return new(0, null);

        await statements.ResetAsync(ct);
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds is var elapsed && elapsed < load.IdleSeconds)
        {
            phase.Report(elapsed);
            await Task.Delay(TimeSpan.FromSeconds(Math.Clamp(load.IdleSeconds - elapsed, 0.01, 1)), ct);
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new(seconds, await statements.ReadAsync(ct));
    }

    private Task<long> WaitForAsync(EventListener listener, int expected, IProgress<double> phase, CancellationToken ct) =>
        WaitForAsync(() => Task.FromResult<long>(listener.Received), expected, phase, ct);

    private Task<long> WaitForEmptyOutboxAsync(CancellationToken ct) =>
        WaitForAsync(async () => -await outbox.CountAsync(ct), 0, null, ct);

    /// <summary>Waits until the count is as expected or the time is over; returns the last count.</summary>
    private async Task<long> WaitForAsync(Func<Task<long>> count, long expected, IProgress<double>? phase, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var counting = Stopwatch.GetTimestamp();
            var counted = await count();
            phase?.Report(counted);
            if (counted >= expected || Stopwatch.GetElapsedTime(started) > load.Timeout)
                return counted;

            // Counting takes at most a tenth of the time, so that it does not slow down what is measured.
            var pause = Stopwatch.GetElapsedTime(counting) * 10;
            await Task.Delay(pause > PollInterval ? pause : PollInterval, ct);
        }
    }
}
