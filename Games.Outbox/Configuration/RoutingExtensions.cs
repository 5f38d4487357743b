using Games.Outbox.Relay;

namespace MassTransit;

/// <summary>Says what becomes of a message that no queue would get.</summary>
public static class RoutingExtensions
{
    /// <summary>
    /// Lets the broker drop this message where no queue would get it, whatever the option Mandatory says: for news that nobody need want.
    /// Without it such a message is kept and tried again until there is a queue. Has no effect on what is sent past the outbox.
    /// </summary>
    public static void AllowUnroutable(this SendContext context) => context.Headers.Set(StoredMessagePipe.OptionalHeader, true);
}
