using Games.Outbox.Inbox;

namespace MassTransit;

/// <summary>Lets a consumer work on many messages at once.</summary>
public static class ConsumeTogetherExtensions
{
    /// <summary>
    /// Consumes the messages of all deliveries that share this one's transaction (option <c>ConsumeTogether</c>) in one call, so that
    /// what each would read and write takes one round trip and not one each. No delivery waits for others: alone it is a list of one.
    /// </summary>
    /// <param name="context">The delivery's context, as the consumer got it.</param>
    /// <param name="consume">
    /// Consumes the messages, which are at least one and in the order of their arrival. It is called once for all, on the consumer of the first;
    /// what it works on must be of its own consumer, or of a message's context. If it fails, everything is rolled back and each
    /// message comes again, alone.
    /// </param>
    /// <returns>A task that ends, or fails, as that call does.</returns>
    public static Task ConsumeTogether<T>(this ConsumeContext<T> context, Func<IReadOnlyList<ConsumeContext<T>>, Task> consume)
        where T : class =>
        context.TryGetPayload<ISharedConsumeContext>(out var inbox) && inbox.Together is { } delivery
            ? delivery.JoinAsync(context, consume)
            : consume([context]);
}
