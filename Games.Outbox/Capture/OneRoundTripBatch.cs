using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;

namespace Games.Outbox.Capture;

/// <summary>Makes the provider's batches, each as a <see cref="OneRoundTripBatch" />.</summary>
internal sealed class OneRoundTripBatchFactory(IModificationCommandBatchFactory provider) : IModificationCommandBatchFactory
{
    public ModificationCommandBatch Create() => new OneRoundTripBatch(provider.Create());
}

/// <summary>
/// The provider's batch, which needs no transaction if it only inserts. EF Core puts BEGIN and COMMIT around a batch of several statements, each a
/// round trip. Npgsql sends a batch with one Sync, and PostgreSQL runs what comes before a Sync as one transaction anyway. A batch that updates or
/// deletes keeps its transaction: EF Core sees that a row was missing only when the batch has run, and then it must not be committed yet.
/// EF Core begins a transaction for a save of several batches whatever each of them says.
/// </summary>
internal sealed class OneRoundTripBatch(ModificationCommandBatch batch) : ModificationCommandBatch
{
    public override IReadOnlyList<IReadOnlyModificationCommand> ModificationCommands => batch.ModificationCommands;

    public override bool RequiresTransaction =>
        batch.RequiresTransaction && batch.ModificationCommands.Any(x => x.EntityState is not EntityState.Added);

    public override bool AreMoreBatchesExpected => batch.AreMoreBatchesExpected;

    public override bool TryAddCommand(IReadOnlyModificationCommand modificationCommand) => batch.TryAddCommand(modificationCommand);

    public override void Complete(bool moreBatchesExpected) => batch.Complete(moreBatchesExpected);

    public override void Execute(IRelationalConnection connection) => batch.Execute(connection);

    public override Task ExecuteAsync(IRelationalConnection connection, CancellationToken cancellationToken = default) =>
        batch.ExecuteAsync(connection, cancellationToken);
}
