using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;

namespace Games.Outbox.Capture;

/// <summary>What an outbox does around the statements of a save.</summary>
internal interface IOutboxSaving : IInterceptor
{
    /// <summary>Calls <paramref name="save" />, which runs the statements for these entries; what it returned.</summary>
    Task<int> SaveAsync(DbContext context, IList<IUpdateEntry> entries, Func<Task<int>> save, bool sync, CancellationToken ct);
}

/// <summary>
/// EF Core's last step of a save, with the outbox around it. Here all interceptors of SavingChanges have had their turn, none of SavedChanges has,
/// and each way out leads through here: failed, cancelled, or tried again by an execution strategy.
/// </summary>
internal sealed class SavingDatabase(
    DatabaseDependencies dependencies, RelationalDatabaseDependencies relationalDependencies, IDbContextOptions options)
    : RelationalDatabase(dependencies, relationalDependencies)
{
    private readonly IOutboxSaving _outbox = options.FindExtension<CoreOptionsExtension>()!.Interceptors!.OfType<IOutboxSaving>().Last();

    public override int SaveChanges(IList<IUpdateEntry> entries)
    {
        var saving = _outbox.SaveAsync(
            RelationalDependencies.Connection.Context, entries, () => Task.FromResult(base.SaveChanges(entries)), sync: true, CancellationToken.None);

        return SavingTransaction.ResultOf(saving);
    }

    public override Task<int> SaveChangesAsync(IList<IUpdateEntry> entries, CancellationToken cancellationToken = default) => _outbox.SaveAsync(
        RelationalDependencies.Connection.Context, entries, () => base.SaveChangesAsync(entries, cancellationToken), sync: false, cancellationToken);
}
