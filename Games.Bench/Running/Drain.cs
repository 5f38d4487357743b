using System.Diagnostics;
using Games.AppHost.Servers;
using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Games.Bench.Running;

/// <summary>
/// How fast a relay empties an outbox that is full when it starts, the bot off. A row is gone when the relay says so; that the broker has
/// the message is seen by the length of the bot's queue.
/// </summary>
/// <param name="api">Starts the API that relays.</param>
/// <param name="bot">Starts the bot, once, so that its queue is bound and the messages have somewhere to go; null when it is bound already.</param>
/// <param name="queue">The broker and the queue that is counted; null to take the relay's word.</param>
internal sealed class Drain(
    NpgsqlDataSource database, string outboxTable, (Command Start, Uri Address) api, (Command Start, Uri Address)? bot, (string RabbitMq, string Name)? queue, TimeSpan timeout)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly OutboxTable outbox = new(database, outboxTable);

    public async Task<DrainFigures> RunAsync(int messages, Func<string, double, IPhase> begin, CancellationToken ct)
    {
        var preparing = begin("backlog prepared", 3);
        if (bot is { } once)
            await (await RunningService.StartAsync("The bot", once.Start, once.Address, ct)).DisposeAsync();
        preparing.Reached(1);

        await CatchTemplateAsync(ct);
        preparing.Reached(2);

        await outbox.FillAsync(messages, ct);
        await outbox.ForgetTemplateAsync(ct);
        var queuedBefore = await QueuedAsync(ct);
        preparing.Reached(3);

        return await EmptyAsync(messages, queuedBefore, begin($"{messages} messages relayed", messages), ct);
    }

    private async Task CatchTemplateAsync(CancellationToken ct)
    {
        await outbox.CatchTemplateAsync(ct);
        await using var service = await RunningService.StartAsync("The API", api.Start, api.Address, ct);
        using var poster = new GamePoster(api.Address, "drain", connections: 1);
        var answer = await poster.PostAsync(1, ct);
        if (!answer.Accepted)
            throw new BenchException($"{api.Address} did not accept the game whose message was to be copied: {answer.Refusal}.");

        var started = Stopwatch.GetTimestamp();
        while (await outbox.CountAsync(ct) > 0)
        {
            if (Stopwatch.GetElapsedTime(started) > timeout)
                throw new BenchException($"One message was not relayed within {timeout.TotalSeconds} s: there is nothing to measure.");
            await Task.Delay(Pause, ct);
        }
        if (!await outbox.HasTemplateAsync(ct))
            throw new BenchException($"A game was accepted, but no row came into {outboxTable}: it is not this implementation's outbox.");
    }

    private async Task<DrainFigures> EmptyAsync(int messages, long? queuedBefore, IPhase relayed, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        await using var service = RunningService.Launch("The API", api.Start);
        var pending = new List<Pending>();
        var (untouched, elapsed, left) = (TimeSpan.Zero, TimeSpan.Zero, (long)messages);
        while (left > 0 && elapsed < timeout)
        {
            service.ThrowIfEnded();
            var asked = Stopwatch.GetElapsedTime(started);
            left = await outbox.CountAsync(ct);
            elapsed = Stopwatch.GetElapsedTime(started);
            if (left == messages)
                untouched = asked;
            pending.Add(new Pending(elapsed.TotalSeconds, left));
            relayed.Reached(messages - left);

            if (left > 0)
                await Task.Delay(Pause, ct);
        }

        return new DrainFigures(
            messages, left, untouched.TotalSeconds, (elapsed - untouched).TotalSeconds, await QueuedAsync(ct) - queuedBefore, service.PeakResidentMebibytes, pending);
    }

    private async Task<long?> QueuedAsync(CancellationToken ct)
    {
        if (queue is not { } counted)
            return null;

        try
        {
            await using var connection = await new ConnectionFactory { Uri = new Uri(counted.RabbitMq) }.CreateConnectionAsync(ct);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            return (await channel.QueueDeclarePassiveAsync(counted.Name, ct)).MessageCount;
        }
        catch (Exception refused) when (refused is OperationInterruptedException or BrokerUnreachableException)
        {
            throw new BenchException($"The queue {counted.Name} could not be counted: {refused.Message}");
        }
    }
}
