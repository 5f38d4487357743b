using System.Diagnostics;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.Logging;
using MassTransit.Serialization;

namespace Games.Outbox.Monitoring;

/// <summary>
/// One trace from the request over the relay to the consumer. The trace context travels in the header that MassTransit gives it: capture
/// keeps the publisher's, the relay's span (source <c>Games.Outbox</c>) has it as its parent and takes its place in the message that leaves.
/// </summary>
internal static class OutboxTracing
{
    private static readonly ActivitySource Source = new("Games.Outbox");

    /// <summary>Keeps the publisher's trace context in the message, unless MassTransit's own span has done so.</summary>
    public static void Keep(SendContext context)
    {
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C } publisher || !publisher.Recorded && !Source.HasListeners())
            return;

        if (!context.Headers.TryGetHeader(DiagnosticHeaders.ActivityId, out _))
            context.Headers.Set(DiagnosticHeaders.ActivityId, publisher.Id);
    }

    /// <summary>Starts the span of one publish by the relay; null if nobody listens.</summary>
    public static Activity? StartPublish(OutboxMessage row)
    {
        if (!Source.HasListeners())
            return null;

        var span = Source.StartActivity("outbox publish", ActivityKind.Producer, PublisherOf(row));
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("messaging.operation.type", "send");
            span.SetTag("messaging.message.id", row.MessageId.ToString());
            span.SetTag("messaging.destination.name", row.DestinationAddress?.AbsolutePath.TrimStart('/'));
            span.SetTag("outbox.sequence_number", row.SequenceNumber);
            span.SetTag("outbox.attempts", row.Attempts);
        }

        return span;
    }

    /// <summary>Puts the relay's span, if this is within one, in the place of the publisher's.</summary>
    public static void Pass(SendContext context)
    {
        if (Activity.Current is { } span && span.Source == Source)
            context.Headers.Set(DiagnosticHeaders.ActivityId, span.Id);
    }

    /// <summary>Writes in the span what became of the publish.</summary>
    /// <param name="span">The publish.</param>
    /// <param name="result">What became of it.</param>
    /// <param name="error">Why it failed; null if it did not.</param>
    public static void End(this Activity span, string result, string? error)
    {
        span.SetTag("outbox.result", result);
        if (error is not null)
            span.SetStatus(ActivityStatusCode.Error, error);
    }

    private static ActivityContext PublisherOf(OutboxMessage row)
    {
        try
        {
            return SystemTextJsonMessageSerializer.Instance.DeserializeDictionary<object>(row.Headers) is { } headers
                && headers.TryGetValue(DiagnosticHeaders.ActivityId, out var id)
                && ActivityContext.TryParse(id?.ToString(), null, isRemote: true, out var publisher)
                    ? publisher
                    : default;
        }
        catch (Exception)
        {
            // Headers that cannot be read: the publish reads them again and is refused, with the reason.
            return default;
        }
    }
}
