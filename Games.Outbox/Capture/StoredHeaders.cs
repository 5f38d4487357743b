using MassTransit;
using MassTransit.Serialization;

namespace Games.Outbox.Capture;

/// <summary>What a row says of its message in the column of the headers. The consumer gets none of it.</summary>
internal static class StoredHeaders
{
    /// <summary>The broker may drop the message where no queue would get it.</summary>
    public const string Optional = "Outbox-Optional";

    /// <summary>The message was published as this type (name and assembly): its exchange is bound to those of the types it derives from.</summary>
    public const string Published = "Outbox-Published";

    /// <summary>The headers of a message, and those that say whether it was published and whether it may be dropped.</summary>
    public static IEnumerable<KeyValuePair<string, object>> Of<T>(SendContext<T> context)
        where T : class
    {
        var headers = context.Headers.GetAll();
        var isPublished = IsPublished(context);

        if (isPublished)
            headers = headers.Append(new(Published, PublishedType<T>.Name));
        if (isPublished ? !(context.TryGetPayload(out PublishContext? published) && published.Mandatory) : context.TryGetPayload(out MayBeDropped? _))
            headers = headers.Append(new(Optional, true));

        return headers;
    }

    /// <summary>Reads what the column holds.</summary>
    public static Dictionary<string, object> Read(string? json) => SystemTextJsonMessageSerializer.Instance.DeserializeDictionary<object>(json) ?? [];

    /// <summary>By its address, which a scheduled message has too, whoever published it.</summary>
    private static bool IsPublished<T>(SendContext<T> context)
        where T : class =>
        MessageTypeCache<T>.IsValidMessageType
        && context.TryGetPayload(out IServiceProvider? provider) && provider.GetService(typeof(IBus)) is IBus bus
        && bus.Topology.TryGetPublishAddress<T>(out var address) && address == context.DestinationAddress;

    private static class PublishedType<T>
    {
        public static readonly string Name = $"{typeof(T).FullName}, {typeof(T).Assembly.GetName().Name}";
    }

    /// <summary>Marks one message that is sent.</summary>
    internal sealed record MayBeDropped;
}
