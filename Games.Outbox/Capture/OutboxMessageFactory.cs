using Games.Outbox.Monitoring;
using MassTransit;
using MassTransit.Context;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.Serialization;

namespace Games.Outbox.Capture;

/// <summary>Makes the row of a message out of its send context.</summary>
internal static class OutboxMessageFactory
{
    /// <exception cref="MessageException">The message has no MessageId.</exception>
    /// <exception cref="ArgumentException">Its ordering key cannot be one.</exception>
    public static OutboxMessage Create<T>(SendContext<T> context, CaptureSettings settings)
        where T : class
    {
        OutboxTracing.Keep(context);

        var messageId = context.MessageId ?? throw new MessageException(typeof(T), "The outbox needs a MessageId.");
        var body = context.Serializer.GetMessageBody(context);
        var bytes = body.GetBytes();
        var sent = context.SentTime ?? messageId.ToNewId().Timestamp;
        var scheduled = context.TryGetPayload(out Scheduled? payload) ? payload : null;
        var delay = scheduled is null ? context.Delay : null;
        var due = scheduled?.Due ?? sent + delay;
        var (key, begins) = settings.OrderingKeys.Of(context);

        return new OutboxMessage
        {
            MessageId = messageId,
            ConversationId = context.ConversationId,
            CorrelationId = context.CorrelationId,
            InitiatorId = context.InitiatorId,
            RequestId = context.RequestId,
            SourceAddress = context.SourceAddress,
            DestinationAddress = context.DestinationAddress,
            ResponseAddress = context.ResponseAddress,
            FaultAddress = context.FaultAddress,
            SentTime = sent,
            ExpirationTime = (due ?? sent) + context.TimeToLive,
            EnqueueTime = due,
            NextAttempt = due,
            Delay = delay,
            TimeToLive = context.TimeToLive,
            SchedulingToken = scheduled?.Token,
            OrderingKey = key,
            BeginsItsKey = begins,
            IsUnordered = OrderingKeys.IsUnordered(context),
            ContentType = (context.ContentType ?? context.Serialization.DefaultContentType).ToString(),
            MessageType = string.Join(';', context.SupportedMessageTypes),
            Headers = Json(StoredHeaders.Of(context)),
            Properties = context is TransportSendContext transport ? Json(PropertiesOf(transport)) : null,
            Body = body.GetString(),
            BodyBytes = bytes,
            OnCommitted = HarnessSight.Of(settings.Harness, context)
        };
    }

    private static Dictionary<string, object> PropertiesOf(TransportSendContext context)
    {
        var properties = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        context.WritePropertiesTo(properties);

        return properties;
    }

    private static string? Json(IEnumerable<KeyValuePair<string, object>> values) =>
        SystemTextJsonMessageSerializer.Instance.SerializeDictionary(values);
}
