using System.Diagnostics;
using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Games.Bench.Running;

/// <summary>
/// How fast a relay empties an outbox that is full when it starts, without a bot. The relay deletes a row; the length of the bot's queue
/// proves that the broker has the message.
/// </summary>
/// <param name="api">The API that relays.</param>
/// <param name="bot">Started once before the backlog, so that its queue is bound; null when it is bound already.</param>
/// <param name="queue">The broker and the queue that is counted; null to trust the relay.</param>
internal sealed class Drain(
    NpgsqlDataSource database, string outboxTable, MeasuredService api, MeasuredService? bot, (string RabbitMq, string Name)? queue, TimeSpan timeout)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private readonly OutboxTable _outbox = new(database, outboxTable);

    public async Task<DrainFigures> RunAsync(int messages, BeginPhase begin, CancellationToken ct)
    {
        var preparing = begin("backlog prepared", 3);
        if (bot is not null)
        {
            await bot.StartAsync(ct);
            await bot.StopAsync();
        }
        preparing.Report(1);

        await CaptureTemplateAsync(ct);
        preparing.Report(2);

        await _outbox.FillAsync(messages, ct);
        await _outbox.DropTemplateAsync(ct);
        var queuedBefore = await CountQueuedAsync(ct);
        preparing.Report(3);

        return await MeasureAsync(messages, queuedBefore, begin($"{messages} messages relayed", messages), ct);
    }

    private async Task CaptureTemplateAsync(CancellationToken ct)
    {
        await _outbox.CaptureTemplateAsync(ct);
        await api.StartAsync(ct);
        using var poster = new GamePoster(api.Address, await BenchKey.CreateAsync(database, ct), "drain", connections: 1);
        var answer = await poster.PostAsync(1, ct);
        if (!answer.Accepted)
            throw new BenchException($"{api.Address} did not accept the game whose message was to be copied: {answer.Refusal}.");

        var started = Stopwatch.GetTimestamp();
        while (await _outbox.CountAsync(ct) > 0)
        {
            if (Stopwatch.GetElapsedTime(started) > timeout)
                throw new BenchException($"One message was not relayed within {timeout.TotalSeconds} s: there is nothing to measure.");
            await Task.Delay(PollInterval, ct);
        }
        await _outbox.RequireTemplateAsync(ct);
        await api.StopAsync();
    }

    private async Task<DrainFigures> MeasureAsync(int messages, long? queuedBefore, IProgress<double> relayed, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        await api.LaunchAsync(ct);
        var pending = new List<Pending>();
        var (untouched, elapsed, left) = (TimeSpan.Zero, TimeSpan.Zero, (long)messages);
        while (left > 0 && elapsed < timeout)
        {
            api.ThrowIfExited();
            var counting = Stopwatch.GetElapsedTime(started);
            left = await _outbox.CountAsync(ct);
            elapsed = Stopwatch.GetElapsedTime(started);
            if (left == messages)
                untouched = counting;
            pending.Add(new Pending(elapsed.TotalSeconds, left));
            relayed.Report(messages - left);

            if (left > 0)
                await Task.Delay(PollInterval, ct);
        }

        var queueGrewBy = await CountQueuedAsync(ct) - queuedBefore;
        return new DrainFigures(
            messages, left, untouched.TotalSeconds, (elapsed - untouched).TotalSeconds, queueGrewBy, api.PeakResidentMebibytes, pending);
    }

    private async Task<long?> CountQueuedAsync(CancellationToken ct)
    {
        if (queue is not var (rabbitMq, name))
            return null;

        try
        {
            await using var connection = await new ConnectionFactory { Uri = new Uri(rabbitMq) }.CreateConnectionAsync(ct);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            return (await channel.QueueDeclarePassiveAsync(name, ct)).MessageCount;
        }
        catch (Exception refused) when (refused is OperationInterruptedException or BrokerUnreachableException)
        {
            throw new BenchException($"The queue {name} could not be counted: {refused.Message}");
        }
    }
}
