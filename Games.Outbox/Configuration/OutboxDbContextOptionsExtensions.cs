using Games.Outbox.Batching;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Update;

namespace MassTransit;

/// <summary>What the options of a DbContext can do for its outbox.</summary>
public static class OutboxDbContextOptionsExtensions
{
    /// <summary>
    /// Makes a save that only inserts one round trip without BEGIN and COMMIT, and its messages a statement of that batch in place of entities.
    /// Call it after UseNpgsql. Everything else is saved by EF Core as ever.
    /// </summary>
    /// <remarks>
    /// It replaces EF Core's IModificationCommandBatchFactory. A trigger that makes nothing of an insert (BEFORE INSERT, returning NULL) fails the
    /// save, as ever, but the batch is committed by then.
    /// </remarks>
    public static DbContextOptionsBuilder InsertInOneRoundTrip(this DbContextOptionsBuilder options) =>
        options.ReplaceService<IModificationCommandBatchFactory, InsertsInOneRoundTrip>()
            // Ours come behind EF Core's own, and return the numbers of their rows.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.UnexpectedTrailingResultSetWhenSaving));
}
