using Games.Outbox.Capture;

namespace MassTransit;

/// <summary>Says what becomes of a message that no queue would get.</summary>
public static class RoutingExtensions
{
    /// <summary>
    /// Lets a message that is sent be dropped and counted where no queue would get it, as one that is published is: for news that nobody need want.
    /// Without it such a message is kept and tried again until there is a queue. Has no effect on what is sent past the outbox. The opposite, for one
    /// that is published, is MassTransit's own <see cref="PublishContext.Mandatory" />.
    /// </summary>
    public static void AllowUnroutable(this SendContext context) => context.GetOrAddPayload(() => new StoredHeaders.MayBeDropped());
}
