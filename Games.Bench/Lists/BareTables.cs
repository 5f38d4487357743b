using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Lists;

/// <summary>
/// Tables without their keys and indexes, which COPY would fill row by row; they are made again, whatever they are, when the rows are there.
/// </summary>
internal sealed class BareTables : IAsyncDisposable
{
    // The largest sorts of the indexes fit.
    private const string Memory = "set maintenance_work_mem = '1GB'";

    private readonly NpgsqlConnection _connection;
    private readonly string[] _tables;
    private readonly IReadOnlyList<string> _restore;

    private BareTables(NpgsqlConnection connection, string[] tables, IReadOnlyList<string> restore) =>
        (_connection, _tables, _restore) = (connection, tables, restore);

    public static async Task<BareTables> OfAsync(NpgsqlDataSource database, string[] tables, CancellationToken ct)
    {
        // Foreign keys are dropped first and made last, and keys before indexes.
        var parts = await database.QueryAsync(
            """
            select format('alter table %s drop constraint %I', conrelid::regclass, conname),
                format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)), contype = 'f'
            from pg_constraint where conrelid = any ($1::text[]::regclass[]) and contype in ('p', 'u', 'f')
            union all
            select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid), false
            from pg_index where indrelid = any ($1::text[]::regclass[]) and not exists (select from pg_constraint where conindid = indexrelid)
            order by 3 desc
            """,
            row => (Drop: row.GetString(0), Restore: row.GetString(1)),
            ct,
            [tables]);
        foreach (var (drop, _) in parts)
            await database.ExecuteAsync(drop, ct);

        return new BareTables(await database.OpenConnectionAsync(ct), tables, [.. parts.Select(part => part.Restore).Reverse()]);
    }

    public async Task RestoreAsync(BeginPhase begin, CancellationToken ct)
    {
        var (phase, done) = (begin("indexes and keys made, tables analyzed", _restore.Count + 1), 0);
        foreach (var statement in _restore.Prepend(Memory).Append($"vacuum (analyze) {string.Join(", ", _tables)}"))
        {
            await using var command = new NpgsqlCommand(statement, _connection) { CommandTimeout = 600 };
            await command.ExecuteNonQueryAsync(ct);
            phase.Report(done++);
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
