using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Microsoft.Extensions.DependencyInjection;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure.Internal;
using Npgsql.EntityFrameworkCore.PostgreSQL.Update.Internal;

namespace Games.Outbox.Batching;

/// <summary>
/// Saves what is new in one round trip. EF Core puts BEGIN and COMMIT around two inserts or more; Npgsql sends them as one batch, and
/// PostgreSQL takes a batch as one transaction anyway. Only inserts: an update that finds no row is noticed by EF after the batch has run,
/// which then must not be committed already. What needs several batches gets its transaction as ever.
/// Behind EF Core's own statements, whose results it reads by their place, come ours: rows of the outbox that EF Core need not track, and what
/// an <see cref="IBesideOutboxRows" /> has to say of rows of the outbox.
/// </summary>
#pragma warning disable EF1001 // The provider's batch is internal to it and has to be derived from: there is no other place that decides this.
internal sealed partial class InsertsInOneRoundTrip(
    ModificationCommandBatchFactoryDependencies dependencies, IDbContextOptions options) : IModificationCommandBatchFactory
{
    private const int DefaultMaxBatchSize = 1000;

    private readonly int _maxBatchSize = options.Extensions.OfType<NpgsqlOptionsExtension>().SingleOrDefault()?.MaxBatchSize ?? DefaultMaxBatchSize;

    private readonly IBesideOutboxRows? _beside =
        options.FindExtension<CoreOptionsExtension>()?.ApplicationServiceProvider?.GetService<IBesideOutboxRows>();

    public ModificationCommandBatch Create() => new Batch(dependencies, _maxBatchSize, _beside);

    private sealed partial class Batch(
        ModificationCommandBatchFactoryDependencies dependencies, int maxBatchSize, IBesideOutboxRows? beside)
        : NpgsqlModificationCommandBatch(dependencies, maxBatchSize)
    {
        private bool _hasOurs;

        public override bool RequiresTransaction =>
            (_hasOurs || base.RequiresTransaction) && ModificationCommands.Any(command => command.EntityState is not EntityState.Added);

        public override void Complete(bool moreBatchesExpected)
        {
            var statements = new BatchStatements(SqlBuilder, RelationalCommandBuilder);
            OutboxMessage[] carried = [];
            if (!moreBatchesExpected)
                AppendCarried(Dependencies.CurrentContext.Context, statements, ref carried);

            if (beside is not null)
            {
                foreach (var row in ModificationCommands.Select(Row).OfType<OutboxMessage>().Concat(carried))
                    beside.Append(row, statements);
            }

            _hasOurs = statements.Any;
            base.Complete(moreBatchesExpected);
        }

        /// <summary>Inserts the rows that EF Core does not track. The published package has none.</summary>
        partial void AppendCarried(DbContext context, BatchStatements statements, ref OutboxMessage[] carried);

        private static OutboxMessage? Row(IReadOnlyModificationCommand command) =>
            command is { EntityState: EntityState.Added, Entries: [{ } entry, ..] } && entry.EntityType.ClrType == typeof(OutboxMessage)
                ? (OutboxMessage)entry.ToEntityEntry().Entity
                : null;
    }
}
#pragma warning restore EF1001
