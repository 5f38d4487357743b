using MassTransit;

namespace Games.Data.Journal;

/// <summary>What only our own outbox can be told; with OfficialPackages=true this file is not compiled.</summary>
internal sealed partial class EventDispatcher
{
    // Events of one batch have nothing to do with each other, unless they say so.
    static partial void Order(SendContext context, string? key)
    {
        if (key is null)
            context.KeepNoOrder();
        else
            context.SetOrderingKey(key);
    }

    static partial void AllowUnroutable(SendContext context) => context.AllowUnroutable();
}
