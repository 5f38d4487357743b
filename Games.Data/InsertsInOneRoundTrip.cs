using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Update;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure.Internal;
using Npgsql.EntityFrameworkCore.PostgreSQL.Update.Internal;

namespace Games.Data;

/// <summary>
/// Saves what is new in one round trip. EF Core puts BEGIN and COMMIT around two inserts or more; Npgsql sends them as one batch, and
/// PostgreSQL takes a batch as one transaction anyway. Only inserts: an update that finds no row is noticed by EF after the batch has run,
/// which then must not be committed already. What needs several batches gets its transaction as ever.
/// </summary>
#pragma warning disable EF1001 // The provider's batch is internal to it and has to be derived from: there is no other place that decides this.
internal sealed class InsertsInOneRoundTrip(ModificationCommandBatchFactoryDependencies dependencies, IDbContextOptions options)
    : IModificationCommandBatchFactory
{
    private const int DefaultMaxBatchSize = 1000;

    private readonly int maxBatchSize = options.Extensions.OfType<NpgsqlOptionsExtension>().SingleOrDefault()?.MaxBatchSize ?? DefaultMaxBatchSize;

    public ModificationCommandBatch Create() => new Batch(dependencies, maxBatchSize);

    private sealed class Batch(ModificationCommandBatchFactoryDependencies dependencies, int maxBatchSize)
        : NpgsqlModificationCommandBatch(dependencies, maxBatchSize)
    {
        public override bool RequiresTransaction =>
            base.RequiresTransaction && ModificationCommands.Any(command => command.EntityState is not EntityState.Added);
    }
}
#pragma warning restore EF1001
