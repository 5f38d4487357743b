using System.Collections.Concurrent;
using Games.Data;
using Games.Outbox.Outages;
using MassTransit;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Games.ServiceDefaults;

/// <summary>The deliveries that wait for a database that is away or out of order. MassTransit runs this within the retries.</summary>
internal sealed partial class DatabaseWaits(
    DatabaseOutage outage, TimeProvider time, IHostApplicationLifetime service, ILogger<DatabaseWaits> logger)
    : ReceiveObserver, IFilter<ConsumeContext>
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<ReceiveContext, int> _failures = new();
    private readonly Lock _key = new();
    private string _reason = "";
    private long _logged;
    private bool _isToldOf;

    /// <summary>How many wait. One that has failed once may have met a deadlock, and the next attempt mends that.</summary>
    public int Count => _failures.Values.Count(failures => failures > 1);

    /// <summary>Why the last of them failed.</summary>
    public string Reason => Volatile.Read(ref _reason);

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        DatabasePool.EnterRequests();
        try
        {
            await next.Send(context);
        }
        catch (Exception failure) when (service.ApplicationStopping.IsCancellationRequested
            && (failure.IsDatabaseUnavailable() || failure is ObjectDisposedException))
        {
            // Not to the error queue, as anything else would: the message goes back to its queue, and no retry holds up the stop.
            throw new OperationCanceledException("The service stops.", failure, context.CancellationToken);
        }
        catch (Exception failure) when (failure.IsDatabaseUnavailable())
        {
            Volatile.Write(ref _reason, failure.InWords());
            if (!outage.Met(failure) & _failures.AddOrUpdate(context.ReceiveContext, 1, (_, failures) => failures + 1) > 1)
                TellOfThem();
            throw;
        }
        catch
        {
            End(context.ReceiveContext);
            throw;
        }

        End(context.ReceiveContext);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("databaseWaits");

    // It may end in a retry's pause: when its connection to the broker does, it comes again as another delivery.
    public override Task ReceiveFault(ReceiveContext context, Exception exception)
    {
        End(context);
        return Task.CompletedTask;
    }

    private void End(ReceiveContext delivery)
    {
        if (!_failures.TryRemove(delivery, out _) || !_failures.IsEmpty)
            return;

        lock (_key)
        {
            if (_isToldOf)
                LogOver();
            _isToldOf = false;
        }
    }

    private void TellOfThem()
    {
        lock (_key)
        {
            var now = time.GetTimestamp();
            if (_isToldOf && time.GetElapsedTime(_logged, now) < LogInterval)
                return;

            (_isToldOf, _logged) = (true, now);
        }

        LogWaiting(Count, Reason);
    }

    [LoggerMessage(LogLevel.Error, "Messages wait for the database, {Count} of them, and count no attempt meanwhile: {Reason}")]
    private partial void LogWaiting(int count, string reason);

    [LoggerMessage(LogLevel.Information, "No message waits for the database any more")]
    private partial void LogOver();
}

/// <summary>Red while messages wait for the database: it may answer and still refuse what they need.</summary>
internal sealed class DatabaseWaitsHealthCheck(DatabaseWaits waits) : IHealthCheck
{
    public const string Name = "consumers";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default) => Task.FromResult(
        waits.Count is > 0 and var count
            ? new HealthCheckResult(context.Registration.FailureStatus, $"{count} message(s) wait for the database: {waits.Reason}")
            : HealthCheckResult.Healthy());
}
