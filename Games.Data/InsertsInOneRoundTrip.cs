using Games.Data.Journal;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure.Internal;
using Npgsql.EntityFrameworkCore.PostgreSQL.Update.Internal;
using NpgsqlTypes;

namespace Games.Data;

/// <summary>
/// Saves what is new in one round trip. EF Core puts BEGIN and COMMIT around two inserts or more; Npgsql sends them as one batch, and
/// PostgreSQL takes a batch as one transaction anyway. Only inserts: an update that finds no row is noticed by EF after the batch has run,
/// which then must not be committed already. What needs several batches gets its transaction as ever.
/// The rows of the journal for what is published go along in the batch that inserts its rows of the outbox.
/// </summary>
#pragma warning disable EF1001 // The provider's batch is internal to it and has to be derived from: there is no other place that decides this.
internal sealed class InsertsInOneRoundTrip(ModificationCommandBatchFactoryDependencies dependencies, IDbContextOptions options)
    : IModificationCommandBatchFactory
{
    private const int DefaultMaxBatchSize = 1000;

    private readonly int maxBatchSize = options.Extensions.OfType<NpgsqlOptionsExtension>().SingleOrDefault()?.MaxBatchSize ?? DefaultMaxBatchSize;

    private readonly EventRecorder? recorder = options.FindExtension<CoreOptionsExtension>()?.ApplicationServiceProvider?.GetService<EventRecorder>();

    public ModificationCommandBatch Create() => new Batch(dependencies, maxBatchSize, recorder);

    private sealed class Batch(ModificationCommandBatchFactoryDependencies dependencies, int maxBatchSize, EventRecorder? recorder)
        : NpgsqlModificationCommandBatch(dependencies, maxBatchSize)
    {
        public override bool RequiresTransaction =>
            base.RequiresTransaction && ModificationCommands.Any(command => command.EntityState is not EntityState.Added);

        public override void Complete(bool moreBatchesExpected)
        {
            if (recorder is not null)
                Record(recorder);

            base.Complete(moreBatchesExpected);
        }

        /// <summary>Behind EF's own statements, whose results it reads by their place; these have none.</summary>
        private void Record(EventRecorder recorder)
        {
            var count = 0;
            foreach (var command in ModificationCommands)
            {
                if (command is { EntityState: EntityState.Added, Entries: [{ } entry, ..] } && entry.EntityType.ClrType == typeof(OutboxMessage)
                    && recorder.TryRead((OutboxMessage)entry.ToEntityEntry().Entity, out var recorded))
                {
                    Add($"event{count++}", recorded);
                }
            }
        }

        private void Add(string name, RecordedEvent recorded)
        {
            SqlBuilder.AppendFormat(EventRecorder.Insert, name).AppendLine();
            AddParameter($"{name}_id", recorded.Id, NpgsqlDbType.Uuid);
            AddParameter($"{name}_event_type", recorded.EventType, NpgsqlDbType.Text);
            AddParameter($"{name}_payload", recorded.Payload, NpgsqlDbType.Jsonb);
            AddParameter($"{name}_correlation_id", recorded.CorrelationId, NpgsqlDbType.Uuid);
            AddParameter($"{name}_source", recorded.Source, NpgsqlDbType.Text);
        }

        private void AddParameter(string name, object? value, NpgsqlDbType type) =>
            RelationalCommandBuilder.AddRawParameter(name, new NpgsqlParameter(name, type) { Value = value ?? DBNull.Value });
    }
}
#pragma warning restore EF1001
