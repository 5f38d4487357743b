using System.Text.Json;
using Games.Contracts;
using Games.Data;
using Games.Outbox.Database;
using Games.Outbox.Outages;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Journal;

/// <summary>
/// Moves events from the journal to the outbox, which brings them to the bus: a batch is one transaction, so an event is marked as dispatched
/// exactly if its message is a row of the outbox. Any number of processes may do so at once: what one has locked, the others pass by.
/// </summary>
internal sealed partial class EventDispatcher(
    IServiceScopeFactory scopes, JournalOptions options, JournalStore store, JournalListener listener, DatabaseOutage outage,
    TimeProvider time, ILogger<EventDispatcher> logger)
    : BackgroundService
{
    private readonly WakeUp _wakeUp = new();

    // When what is due waits for another dispatcher: to look again at once would spin.
    private readonly Backoff _others = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5));

    /// <summary>Whether wake-ups arrive here.</summary>
    public bool IsListening => listener.IsListening;

    /// <summary>Why they do not, as far as that is known.</summary>
    public string? ListeningProblem => listener.Problem;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Dispatch)
            return;

        var listening = options.Notifications ? Task.Run(() => listener.RunAsync(_ => _wakeUp.Set(), stoppingToken), CancellationToken.None) : null;
        var dispatching = Task.Run(() => DispatchAsync(stoppingToken), CancellationToken.None);

        // None ends before it is told to, except by a bug: then the host has to hear of it.
        await (listening is null ? dispatching : await Task.WhenAny(listening, dispatching));
        await Task.WhenAll(listening ?? Task.CompletedTask, dispatching);
    }

    private async Task DispatchAsync(CancellationToken ct)
    {
        DatabasePool.EnterDispatcher();
        var trouble = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

        while (!ct.IsCancellationRequested)
        {
            try
            {
                var rest = await DispatchBatchAsync(ct);
                trouble.Reset();
                outage.Works(this);
                if (rest > TimeSpan.Zero || rest == Timeout.InfiniteTimeSpan)
                    await _wakeUp.WaitAsync(rest, ct);
            }
            catch (Exception) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                var pause = trouble.Next();
                if (!outage.Met(exception, this))
                    LogTrouble(pause.TotalSeconds, exception.InWords());
                await Task.Delay(pause, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Moves one batch; how long to rest after it.</summary>
    private async Task<TimeSpan> DispatchBatchAsync(CancellationToken ct)
    {
        Moved moved;
        List<PendingEvent> claimed = [];

        try
        {
            moved = await MoveAsync(null, claimed, ct);
        }
        catch (Exception exception) when (claimed.Count > 0 && BlamesARow(exception) && !ct.IsCancellationRequested)
        {
            // One of them cannot be saved: each alone, so that the others are not held up by it.
            LogOneByOne(claimed.Count, exception.Message);
            foreach (var one in claimed)
                await MoveAloneAsync(one, ct);
            return TimeSpan.Zero;
        }

        if (moved.Events > 0)
            _others.Reset();
        if (moved.IsMore)
            return moved.Events > 0 ? TimeSpan.Zero : _others.Next();

        // Due and not claimed: locked by another dispatcher, or due only since the claim.
        return Min(Idle, moved.NextRetry <= TimeSpan.Zero ? _others.Next() : moved.NextRetry);
    }

    // While the listener has its connection it looks at the table, and it wakes us when it has lost it.
    private TimeSpan Idle => listener.IsListening ? Timeout.InfiniteTimeSpan : options.PollInterval;

    private static TimeSpan Min(TimeSpan rest, TimeSpan? other) => other is { } x && (rest == Timeout.InfiniteTimeSpan || x < rest) ? x : rest;

    private async Task MoveAloneAsync(PendingEvent one, CancellationToken ct)
    {
        try
        {
            await MoveAsync(one.Id, [], ct);
        }
        catch (Exception exception) when (BlamesARow(exception) && !ct.IsCancellationRequested)
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if ((await store.ClaimAsync(db, one.Id, ct)).Events is [var still])
                await store.WriteAsync(db, [], [Fail(still, exception)], ct);
            await transaction.CommitAsync(CancellationToken.None);
        }
    }

    /// <summary>Moves what is due, or one event, in one transaction.</summary>
    private async Task<Moved> MoveAsync(Guid? only, List<PendingEvent> claimed, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        var bus = new Bus(
            scope.ServiceProvider.GetRequiredService<IPublishEndpoint>(), scope.ServiceProvider.GetRequiredService<ISendEndpointProvider>());
        await using var transaction = await db.Database.BeginTransactionAsync(ct);

        var (events, due) = await store.ClaimAsync(db, only, ct);
        claimed.AddRange(events);
        if (events.Count == 0)
            return new(0, due > 0, await store.NextRetryAsync(db, ct));

        var failures = new List<EventFailure>();
        foreach (var one in events)
        {
            try
            {
                await PublishAsync(bus, one, ct);
            }
            catch (Exception exception) when (!ct.IsCancellationRequested)
            {
                failures.Add(Fail(one, exception));
            }
        }

        await db.SaveChangesAsync(ct);
        await store.WriteAsync(db, [.. events.Select(x => x.Id).Except(failures.Select(x => x.Event.Id))], failures, ct);
        var isMore = due > events.Count || due >= options.BatchLimit;
        var nextRetry = isMore ? null : await store.NextRetryAsync(db, ct);
        // Told to stop or not: what is about to be known should be known.
        await transaction.CommitAsync(CancellationToken.None);

        return new(events.Count, isMore, nextRetry);
    }

    private async Task PublishAsync(Bus bus, PendingEvent one, CancellationToken ct)
    {
        using var payload = JsonDocument.Parse(one.Payload);

        if (KnownEvents.TryFind(one.EventType, out var contract))
        {
            var message = KnownEvents.Read(one.EventType, contract, payload.RootElement);
            await bus.Publishes.Publish(message, contract, Pipe.Execute<PublishContext>(context => Address(context, one)), ct);
            return;
        }

        var channel = await bus.Sends.GetSendEndpoint(new Uri($"exchange:{Exchanges.OfChannel(one.Channel)}"));
        await channel.Send(
            new EventPublished(one.Id, one.EventType, one.Channel, payload.RootElement, one.CreatedAt, one.CorrelationId, one.Source),
            Pipe.Execute<SendContext<EventPublished>>(context =>
            {
                Address(context, one);
                if (!options.WaitForQueue)
                    context.AllowUnroutable();
            }), ct);
    }

    /// <summary>The message is the event: a consumer that has had it under this id does not take it again.</summary>
    private static void Address(SendContext context, PendingEvent one)
    {
        context.MessageId = one.Id;
        context.CorrelationId = one.CorrelationId;
        // Events of one batch have nothing to do with each other, unless they share a correlation.
        if (one.CorrelationId is { } correlation)
            context.SetOrderingKey($"correlation:{correlation:n}");
        else
            context.KeepNoOrder();
    }

    private EventFailure Fail(PendingEvent one, Exception exception)
    {
        var attempt = one.Attempts + 1;
        // JSON that cannot be read or written (PostgreSQL nests it deeper than we do) will not become better either.
        var isRefused = exception is EventRefusedException || exception.GetBaseException() is JsonException;
        var error = exception is EventRefusedException ? exception.Message : $"{exception.GetType().Name}: {exception.GetBaseException().Message}";

        if (isRefused || attempt >= options.MaxAttempts)
        {
            LogDead(one.Id, one.EventType, one.Source, attempt, error);
            return new(one, error, null);
        }

        var delay = Backoff.Delay(attempt, options.RetryDelay, options.MaxRetryDelay);
        LogRetry(one.Id, one.EventType, attempt, delay.TotalSeconds, error);
        return new(one, error, delay);
    }

    /// <summary>Whether the database is there and refuses what it was given: one of the events, then, and not an outage.</summary>
    private static bool BlamesARow(Exception exception) =>
        !exception.IsDatabaseUnavailable() && exception is not (OperationCanceledException or TimeoutException);

    [LoggerMessage(LogLevel.Error,
        "Journal: event {Id} ({EventType}, from {Source}) is dead after {Attempts} attempt(s) and stays in the table: {Reason}")]
    private partial void LogDead(Guid id, string eventType, string source, int attempts, string reason);

    [LoggerMessage(LogLevel.Warning, "Journal: event {Id} ({EventType}) was not dispatched, attempt {Attempt}, next in {Delay:F1} s: {Reason}")]
    private partial void LogRetry(Guid id, string eventType, int attempt, double delay, string reason);

    [LoggerMessage(LogLevel.Warning, "Journal: a batch of {Count} event(s) cannot be saved, each is tried alone: {Reason}")]
    private partial void LogOneByOne(int count, string reason);

    [LoggerMessage(LogLevel.Warning, "Journal: events cannot be dispatched, next try in {Pause:F1} s: {Reason}")]
    private partial void LogTrouble(double pause, string reason);

    private readonly record struct Bus(IPublishEndpoint Publishes, ISendEndpointProvider Sends);

    /// <summary>What a batch came to: how many events, whether more wait already; else, when the first of those that failed is due.</summary>
    private readonly record struct Moved(int Events, bool IsMore, TimeSpan? NextRetry);
}
