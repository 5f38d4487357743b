using System.Net.Mime;
using Games.Outbox.Capture;
using Games.Outbox.Monitoring;
using MassTransit;
using MassTransit.Context;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.Serialization;

namespace Games.Outbox.Relay;

/// <summary>Gives a send context what is stored of the message: its ids, addresses, headers and bytes, untouched.</summary>
internal sealed class StoredMessagePipe(OutboxMessage message, Dictionary<string, object> headers, TimeProvider time) : IPipe<SendContext>
{
    public Task Send(SendContext context)
    {
        context.MessageId = message.MessageId;
        context.RequestId = message.RequestId;
        context.ConversationId = message.ConversationId;
        context.CorrelationId = message.CorrelationId;
        context.InitiatorId = message.InitiatorId;
        context.SourceAddress = message.SourceAddress;
        context.ResponseAddress = message.ResponseAddress;
        context.FaultAddress = message.FaultAddress;
        context.SupportedMessageTypes = message.MessageType.Split(';');

        if (message.ExpirationTime is { } expires)
            context.TimeToLive = expires - time.GetUtcNow().UtcDateTime;

        foreach (var (name, value) in headers)
            context.Headers.Set(name, value);
        OutboxTracing.Pass(context);

        if (context is TransportSendContext transport)
        {
            if (message.Properties is not null)
                transport.ReadPropertiesFrom(StoredHeaders.Read(message.Properties));

            // The wait, if there was one, was in the table; the broker needs no plugin for it.
            transport.Delay = null;
            // Also where it may be dropped: what the broker returns is counted.
            transport.Mandatory = true;
        }

        var contentType = new ContentType(message.ContentType);
        context.Serializer = new CopyBodySerializer(contentType, Body(context, contentType));

        return Task.CompletedTask;
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("outbox");

    // Text formats are stored as they are; binary ones were made text by their serializer, which alone can turn them back.
    private MessageBody Body(SendContext context, ContentType contentType) =>
        message.Body is not null || IsText(contentType.MediaType)
            ? new BytesMessageBody(message.BodyBytes)
            : context.Serialization.GetMessageDeserializer(contentType).GetMessageBody(System.Text.Encoding.UTF8.GetString(message.BodyBytes!));

    /// <summary>Whether the bodies of this MIME type are stored as they are.</summary>
    public static bool IsText(string mediaType) =>
        mediaType.EndsWith("json", StringComparison.Ordinal)
        || mediaType.EndsWith("xml", StringComparison.Ordinal)
        || mediaType.StartsWith("text/", StringComparison.Ordinal);
}
