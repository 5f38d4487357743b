using System.Net.Sockets;
using Games.Outbox.Capture;
using Games.Outbox.Monitoring;
using Games.Outbox.Outages;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.Logging;
using MassTransit.Serialization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Relay;

/// <summary>Publishes stored messages and tells refusal from absence of the broker.</summary>
internal sealed class OutboxPublisher<TDbContext>(
    IBusControl bus, OutboxOptions options, OutboxMetrics<TDbContext> metrics, TimeProvider time, ILoggerFactory loggers)
    where TDbContext : DbContext
{
    private readonly PublishEndpoints _endpoints = new(bus);
    private readonly ILogContext _log = SendLog.Of(loggers);

    /// <summary>Whether the broker is there, as far as the bus knows.</summary>
    public bool BrokerIsReachable => bus.CheckHealth().Status is not BusHealthStatus.Unhealthy;

    /// <summary>Whether nobody wants the message any more.</summary>
    public bool HasExpired(OutboxMessage row) => row.ExpirationTime <= time.GetUtcNow().UtcDateTime;

    /// <summary>Publishes one row, within a span of its own.</summary>
    public async Task<PublishOutcome> PublishAsync(OutboxMessage row)
    {
        using var span = OutboxTracing.StartPublish(row);
        var outcome = await SendAsync(row);

        span?.End(outcome.Result.ToString(), outcome.Leaves ? null : outcome.Error ?? "");
        if (outcome.Result is PublishResult.Confirmed)
            metrics.Published(row);

        return outcome;
    }

    private async Task<PublishOutcome> SendAsync(OutboxMessage row)
    {
        if (row.Unreadable is { } reason)
            return new(row, PublishResult.Refused, reason);
        if (row.DestinationAddress is null)
            return new(row, PublishResult.Refused, "The message has no destination address.");
        if (HasExpired(row))
            return new(row, PublishResult.Expired);

        LogContext.Current = _log;
        var mayBeDropped = false;
        // Cancels the publish in RabbitMQ's client. If that has written it already, it still arrives, and its late confirm is ignored.
        using var timeout = new CancellationTokenSource(options.PublishTimeout);

        try
        {
            var headers = StoredHeaders.Read(row.Headers);
            headers.Remove(StoredHeaders.Published, out var publishedType);
            var isOptional = headers.Remove(StoredHeaders.Optional);
            var (endpoint, isKnown) = await _endpoints.FindAsync(row, publishedType?.ToString());
            mayBeDropped = isOptional && isKnown;

            // Waits no longer than the token: the client waits 20 s for the answer to a declaration, whatever the token says.
            await endpoint.Send(new SerializedMessageBody(), new StoredMessagePipe(row, headers, time), timeout.Token).WaitAsync(timeout.Token);

            return new(row, PublishResult.Confirmed);
        }
        catch (Exception exception)
        {
            var result = Classify(exception);

            return result switch
            {
                PublishResult.Unroutable when mayBeDropped => new(row, PublishResult.Dropped),
                PublishResult.Unreachable => new(row, result, exception.InWords()),
                PublishResult.Nacked => new(row, result, "it keeps no message: a queue is full or has no leader"),
                _ => new(row, result, $"{exception.GetType().Name}: {exception.Message}")
            };
        }
    }

    private PublishResult Classify(Exception exception)
    {
        if (exception.GetBaseException().GetType().FullName is PublishErrors.Nack)
            return PublishResult.Nacked;

        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            // The transports' own types, by name: this library knows no transport.
            switch (cause.GetType().Name)
            {
                case PublishErrors.Returned:
                    return PublishResult.Unroutable;
                case "AlreadyClosedException" or "OperationInterruptedException" when ReplyCode(cause) is >= 403 and <= 406 or 311:
                    return PublishResult.Broken;
                case "AlreadyClosedException" or "OperationInterruptedException" or "BrokerUnreachableException":
                    return PublishResult.Unreachable;
            }

            if (cause is ConnectionException or TransportUnavailableException or OperationCanceledException or IOException or SocketException)
                return PublishResult.Unreachable;
        }

        return BrokerIsReachable ? PublishResult.Refused : PublishResult.Unreachable;
    }

    /// <summary>Why AMQP says that the channel was closed: 403 to 406 and 311 blame what was sent, everything else is an outage.</summary>
    private static int? ReplyCode(Exception exception)
    {
        var reason = exception.GetType().GetProperty("ShutdownReason")?.GetValue(exception);

        return reason?.GetType().GetProperty("ReplyCode")?.GetValue(reason) is ushort code ? code : null;
    }
}
