using Games.Outbox.Database;
using Games.Outbox.Monitoring;
using Games.Outbox.Outages;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Relay;

/// <summary>
/// The circuit breaker between the relay and the broker. Closed: messages flow. Open: a publish found the broker unreachable, so nothing is
/// published, and no message counts an attempt, until the bus reports the broker back. Half-open: one message alone is published, and closes or
/// opens the circuit.
/// </summary>
internal sealed partial class BrokerCircuit<TDbContext>(
    OutboxOptions options, OutboxPublisher<TDbContext> publisher, TableReader<TDbContext> reader, OutcomeWriter<TDbContext> outcomes,
    LeasedRows leased, Heartbeat<TDbContext> heartbeat, DatabaseOutage databaseOutage, BrokerOutage brokerOutage, TimeProvider time, ILogger logger)
    where TDbContext : DbContext
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    private readonly Backoff _reconnects = new(TimeSpan.FromSeconds(3), TimeSpan.FromMinutes(1));

    private (long Since, TimeSpan Patience)? _nacks;
    private volatile bool _isClosed;
    private volatile int _period;

    /// <summary>Whether messages flow.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Counts how often the circuit was closed: a publish that began in an earlier period says nothing about this one.</summary>
    public int Period => _period;

    /// <summary>Stops the flow because the broker was unreachable for a publish that began in this period; whether that was news.</summary>
    public bool Open(int period, string reason)
    {
        if (!_isClosed || period != _period)
            return false;

        _isClosed = false;
        brokerOutage.Met(reason, this);

        return true;
    }

    /// <summary>The broker has answered to a message. To have nothing that could be published is no proof of that.</summary>
    public void Confirmed() => brokerOutage.Works(this);

    /// <summary>Stops the flow because the process stops.</summary>
    public void Stop() => _isClosed = false;

    /// <summary>
    /// Once the broker is back, publishes one message alone. If that one is what breaks the channel, it counts an attempt and waits for its next, so
    /// that it cannot keep the others from flowing.
    /// </summary>
    /// <returns>Whether the circuit is closed.</returns>
    public async Task<bool> TryCloseAsync(CancellationToken ct)
    {
        while (!publisher.BrokerIsReachable)
        {
            heartbeat.Beat();
            databaseOutage.Works(heartbeat);
            await Task.Delay(LookInterval, time, ct);
        }

        var probe = await ClaimProbeAsync();
        if (probe is not null)
        {
            var outcome = await publisher.PublishAsync(probe);
            var isToBlame = outcome.Result is PublishResult.Broken && publisher.BrokerIsReachable;
            outcomes.Report(isToBlame ? outcome with { Result = PublishResult.Refused } : outcome);

            if (outcome.Result is PublishResult.Nacked)
                await MeetNackAsync();
            if (outcome.IsOutage)
                return false;

            _nacks = null;
            _reconnects.Reset();
            Confirmed();
        }
        else if (leased.Count > 0)
        {
            // What was on its way when the flow stopped is not given back yet, and with it the message to try.
            return false;
        }

        _period++;
        _isClosed = !ct.IsCancellationRequested;
        // Without a message to try nothing is known of the broker.
        if (probe is not null || !brokerOutage.IsOn)
            LogFlows();

        return true;
    }

    /// <summary>
    /// A broker may refuse all that comes over one connection and nothing over the next: of RabbitMQ 3.10, one whose first message for a quorum queue
    /// came before the queue had a leader again. A new one is not opened at once, because a leader takes its time, and ever less often.
    /// </summary>
    private async Task MeetNackAsync()
    {
        _nacks ??= (time.GetTimestamp(), _reconnects.Next());
        if (brokerOutage.Reconnect is null || time.GetElapsedTime(_nacks.Value.Since) < _nacks.Value.Patience)
            return;

        LogReconnects();
        await brokerOutage.Reconnect();
        _nacks = (time.GetTimestamp(), _reconnects.Next());
    }

    /// <summary>The first message that is to be published: those that have expired, however many, say nothing about the broker.</summary>
    private async Task<OutboxMessage?> ClaimProbeAsync()
    {
        for (var limit = 1; await reader.ClaimAsync(limit) is { Count: > 0 } rows; limit = options.ClaimLimit)
        {
            var probe = rows.Find(x => !publisher.HasExpired(x));
            foreach (var row in rows.Where(x => x != probe))
                outcomes.Report(new(row, publisher.HasExpired(row) ? PublishResult.Expired : PublishResult.Withheld));
            if (probe is not null)
                return probe;
        }

        return null;
    }

    [LoggerMessage(LogLevel.Information, "Outbox: the broker still keeps no message that comes over this connection, a new one is opened")]
    private partial void LogReconnects();

    [LoggerMessage(LogLevel.Information, "Outbox: messages flow as they come")]
    private partial void LogFlows();
}
