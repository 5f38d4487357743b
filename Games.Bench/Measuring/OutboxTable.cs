using Npgsql;

namespace Games.Bench.Measuring;

/// <summary>
/// Any implementation's outbox table, known by its name alone. A row is caught by a trigger at the moment the API inserts it, and copied
/// as often as wanted: a backlog like the one that an outage leaves, without having to make an outage.
/// </summary>
/// <param name="name">As SQL writes it: outbox, "OutboxMessage", "schema"."Table".</param>
internal sealed class OutboxTable(NpgsqlDataSource database, string name)
{
    private const string Template = "games_bench_template";

    /// <summary>
    /// What a copy does not take over, where the table has such a column: an id per message, nobody's lease on it (that of the process that
    /// inserted the template would have to run out first), and an ordering key of its own (else all copies would leave one by one).
    /// </summary>
    private static readonly IReadOnlyDictionary<string, string> OwnOfEachCopy = new Dictionary<string, string>
    {
        ["message_id"] = "gen_random_uuid()",
        ["MessageId"] = "gen_random_uuid()",
        ["LockId"] = "null",
        ["LockedUntil"] = "null",
        ["Created"] = "clock_timestamp()",
        ["OrderingKey"] = "case when template.\"OrderingKey\" is not null then gen_random_uuid()::text end",
    };

    public async Task EmptyAsync(CancellationToken ct) => await ScalarAsync($"truncate {name}", ct);

    public async Task<long> CountAsync(CancellationToken ct) => (long)(await ScalarAsync($"select count(*) from {name}", ct))!;

    public async Task CatchTemplateAsync(CancellationToken ct)
    {
        await ForgetTemplateAsync(ct);
        await ScalarAsync($"""
            create table {Template} (like {name});
            create function {Template}() returns trigger language plpgsql as $$ begin insert into {Template} select new.*; return null; end $$;
            create trigger {Template} after insert on {name} for each row execute function {Template}();
            """, ct);
    }

    public async Task<bool> HasTemplateAsync(CancellationToken ct) => (bool)(await ScalarAsync($"select exists (select from {Template})", ct))!;

    /// <summary>Inserts <paramref name="copies"/> copies of the row that was caught first.</summary>
    public async Task FillAsync(int copies, CancellationToken ct)
    {
        await ScalarAsync($"drop trigger if exists {Template} on {name}", ct);

        var columns = new List<(string Name, string Value)>();
        await using (var command = database.CreateCommand("""
            select quote_ident(column_name), column_name from information_schema.columns
            where (quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass = $1::regclass
              and is_identity = 'NO' and is_generated = 'NEVER' and coalesce(column_default, '') not like 'nextval(%'
            order by ordinal_position
            """))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = name, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                columns.Add((reader.GetString(0), OwnOfEachCopy.GetValueOrDefault(reader.GetString(1), $"template.{reader.GetString(0)}")));
        }

        await ScalarAsync($"""
            insert into {name} ({string.Join(", ", columns.Select(column => column.Name))})
            select {string.Join(", ", columns.Select(column => column.Value))}
            from (select * from {Template} limit 1) template, generate_series(1, {copies});
            """, ct);
        await ScalarAsync($"analyze {name}", ct);
    }

    public async Task ForgetTemplateAsync(CancellationToken ct) =>
        await ScalarAsync($"drop trigger if exists {Template} on {name}; drop function if exists {Template}; drop table if exists {Template}", ct);

    private async Task<object?> ScalarAsync(string sql, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 300;
        return await command.ExecuteScalarAsync(ct);
    }
}
