using Games.Outbox.Capture;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace MassTransit;

/// <summary>Options of a DbContext that save round trips.</summary>
public static class OutboxDbContextOptionsExtensions
{
    /// <summary>
    /// Makes a save that only inserts one round trip without BEGIN and COMMIT. Call it after UseNpgsql. The option
    /// <c>Outbox:InsertInOneRoundTrip</c> does the same for the context of an outbox.
    /// </summary>
    /// <remarks>
    /// It wraps the provider's IModificationCommandBatchFactory. A save whose insert returns no row, because a BEFORE INSERT trigger returned NULL,
    /// fails as it does without this, but its other rows are committed by then.
    /// </remarks>
    /// <exception cref="InvalidOperationException">At the first use of the context: no provider was named before this call.</exception>
    public static DbContextOptionsBuilder InsertInOneRoundTrip(this DbContextOptionsBuilder options)
    {
        if (options.Options.FindExtension<OneRoundTripOptionsExtension>() is null)
            ((IDbContextOptionsBuilderInfrastructure)options).AddOrUpdateExtension(new OneRoundTripOptionsExtension());

        return options;
    }
}
