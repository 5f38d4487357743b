using System.Collections.Concurrent;
using System.Reflection;
using Games.Outbox.Capture;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;

namespace Games.Outbox.Relay;

/// <summary>
/// The endpoints through which rows leave. What was published goes through MassTransit's own endpoint for its type, which declares what a publish
/// needs on the broker: the exchanges of the types that it derives from or implements, and the bindings to them.
/// </summary>
internal sealed class PublishEndpoints(IBus bus)
{
    private static readonly MethodInfo GetEndpoint =
        typeof(IPublishEndpointProvider).GetMethod(nameof(IPublishEndpointProvider.GetPublishSendEndpoint))!;

    private readonly ConcurrentDictionary<(string Type, string Exchange), Func<Task<ISendEndpoint>>> _endpoints = new();

    /// <summary>Where the row goes, and whether it would reach by that everyone it is for.</summary>
    public async Task<(ISendEndpoint Endpoint, bool IsKnown)> FindAsync(OutboxMessage row, string? publishedType)
    {
        if (publishedType is null)
            return (await bus.GetSendEndpoint(row.DestinationAddress!), true);

        return Find(publishedType, row.DestinationAddress!) is { } endpoint
            ? (await endpoint(), true)
            // Another application's type, or another name for its exchange: the bindings are that one's to declare.
            : (await bus.GetSendEndpoint(row.DestinationAddress!), false);
    }

    private Func<Task<ISendEndpoint>>? Find(string publishedType, Uri destination)
    {
        // A row may have another address than its type here: an older name, or one that somebody wrote.
        var key = (publishedType, Exchange(destination));
        if (_endpoints.TryGetValue(key, out var known))
            return known;
        if (TypeOf(publishedType) is not { IsGenericTypeDefinition: false } type || !MessageTypeCache.IsValidMessageType(type)
            || !bus.Topology.TryGetPublishAddress(type, out var address) || Exchange(address) != key.Item2)
        {
            return null;
        }

        return _endpoints.GetOrAdd(key, GetEndpoint.MakeGenericMethod(type).CreateDelegate<Func<Task<ISendEndpoint>>>(bus));
    }

    private static Type? TypeOf(string name)
    {
        try
        {
            return Type.GetType(name);
        }
        catch (Exception exception) when (exception is ArgumentException or TypeLoadException or IOException or BadImageFormatException)
        {
            // No name of a type that this process could have.
            return null;
        }
    }

    // The host may have another name in another process.
    private static string Exchange(Uri address) => address.AbsolutePath.Split('/')[^1];
}
