using System.Diagnostics;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;
using RabbitMQ.Client;

namespace Games.Bench.Events;

/// <summary>The journal and the ingestion of services that run: SQL and AMQP in, AMQP and SQL to see the result.</summary>
internal sealed class EventsRun(NpgsqlDataSource database, string rabbitMq, EventsLoad load)
{
    private const string Channel = "bench";
    private const string InsertOne = $"insert into events (id, event_type, channel, payload, source) values ($1, 'bench.event', '{Channel}', jsonb_build_object('n', $2), 'bench')";
    private const string InsertMany = $"""
        insert into events (event_type, channel, payload, source, correlation_id)
        select 'bench.event', '{Channel}', jsonb_build_object('n', n), 'bench', case when n % 5 = 0 and $2 > 0 then ('00000000-0000-4000-8000-' || lpad((n / 5 % greatest($2, 1))::text, 12, '0'))::uuid end
        from generate_series(1, $1) n
        """;
    private const string StoredExchange = "message.stored";

    // A snowflake of 2024: none of these is in the future.
    private const long FirstMessage = 1_300_000_000_000_000_000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public async Task<EventsFigures> RunAsync(Func<string, double, IPhase> begin, CancellationToken ct)
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

        return new(inserts, dispatch, ingest, load.IdleSeconds > 0 ? await RestAsync(begin("at rest", load.IdleSeconds), ct) : null);
    }

    /// <summary>At a constant rate, whether or not the earlier ones have arrived.</summary>
    private async Task<InsertFigures> InsertAsync(EventListener listener, int count, IPhase phase, CancellationToken ct)
    {
        listener.Forget();
        var (ids, inserts) = (new Guid[count], new Task<long>[count]);
        var started = Stopwatch.GetTimestamp();
        for (var number = 0; number < count; number++)
        {
            if (TimeSpan.FromSeconds(number / load.Rate) - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } wait)
                await Task.Delay(wait, ct);
            ids[number] = Guid.CreateVersion7();
            inserts[number] = InsertAsync(ids[number], number, ct);
            phase.Reached(number + 1);
        }
        var begun = await Task.WhenAll(inserts);
        await UntilAsync(() => Task.FromResult<long>(listener.Heard), count, phase, ct);

        var milliseconds = ids.Zip(begun).Select(one => listener.CameAt(one.First) is { } came ? Stopwatch.GetElapsedTime(one.Second, came).TotalMilliseconds : (double?)null).OfType<double>().ToArray();
        return new(count, Distribution.Of(milliseconds), count - milliseconds.Length, listener.Repeats);
    }

    private async Task<long> InsertAsync(Guid id, int number, CancellationToken ct)
    {
        var begun = Stopwatch.GetTimestamp();
        await using var command = database.CreateCommand(InsertOne);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = number });
        await command.ExecuteNonQueryAsync(ct);
        return begun;
    }

    private async Task<BulkFigures> DispatchAsync(EventListener listener, int rows, IPhase phase, CancellationToken ct)
    {
        listener.Forget();
        await using var command = database.CreateCommand(InsertMany);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = rows });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = load.Correlations });
        await command.ExecuteNonQueryAsync(ct);
        var committed = Stopwatch.GetTimestamp();

        await UntilAsync(() => Task.FromResult<long>(listener.Heard), rows, phase, ct);
        await UntilNothingWaitsAsync(ct);
        return new(rows, Stopwatch.GetElapsedTime(committed, listener.Last).TotalSeconds, rows - listener.Heard, listener.Repeats);
    }

    /// <summary>Each message is a row once it is stored, and says so once in message.stored: a second time would be a second effect.</summary>
    private async Task<BulkFigures> IngestAsync(EventListener stored, long firstId, int messages, IPhase phase, CancellationToken ct)
    {
        stored.Forget();
        var started = Stopwatch.GetTimestamp();
        var publishing = new DiscordFlood(rabbitMq).PublishAsync(firstId, messages, ct);
        var rows = await UntilAsync(() => CountAsync("select count(*) from discord_messages where message_id::bigint between $1 and $2", ct, firstId, firstId + messages - 1), messages, phase, ct);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await publishing;
        await UntilAsync(() => Task.FromResult<long>(stored.Heard), messages, phase, ct);
        await UntilNothingWaitsAsync(ct);

        return new(messages, seconds, messages - (int)Math.Min(rows, stored.Heard), Math.Max(0, stored.Heard - messages) + stored.Repeats);
    }

    private async Task<IdleFigures> RestAsync(IPhase phase, CancellationToken ct)
    {
        var statements = new IdleStatements(database);
        if (!await statements.CanBeCountedAsync(ct))
            return new(0, null);

        await statements.BeginAsync(ct);
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds is var rested && rested < load.IdleSeconds)
        {
            phase.Reached(rested);
            await Task.Delay(TimeSpan.FromSeconds(Math.Clamp(load.IdleSeconds - rested, 0.01, 1)), ct);
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new(seconds, await statements.ReadAsync(ct));
    }

    private Task<long> UntilNothingWaitsAsync(CancellationToken ct) => UntilAsync(async () => -await CountAsync("""select count(*) from "OutboxMessage" """, ct), 0, null, ct);

    /// <summary>Until there are as many as expected, or the time is over; how many there are then.</summary>
    private async Task<long> UntilAsync(Func<Task<long>> count, long expected, IPhase? phase, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var asked = Stopwatch.GetTimestamp();
            var there = await count();
            phase?.Reached(there);
            if (there >= expected || Stopwatch.GetElapsedTime(started) > load.Timeout)
                return there;

            // Asking must not be what is measured.
            var cost = Stopwatch.GetElapsedTime(asked) * 10;
            await Task.Delay(cost > Pause ? cost : Pause, ct);
        }
    }

    private async Task<long> CountAsync(string sql, CancellationToken ct, params long[] bounds)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var bound in bounds)
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = bound });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
