using Npgsql;

namespace Games.Bench.Measuring;

/// <summary>
/// The outbox table of any implementation, known by its name alone. A trigger captures a row when the API inserts it, and copies of that row
/// make the backlog that an outage would leave.
/// </summary>
/// <param name="name">As SQL writes it: outbox, "OutboxMessage", "schema"."Table".</param>
internal sealed class OutboxTable(NpgsqlDataSource database, string name)
{
    private const string Template = "games_bench_template";

    /// <summary>
    /// Columns that a copy gets anew, where the table has them: its own message id; no lease (the copies would wait until that of the
    /// template expires); and an ordering key of its own (with a shared one the copies would leave one by one).
    /// </summary>
    private static readonly IReadOnlyDictionary<string, string> ColumnsOfCopies = new Dictionary<string, string>
    {
        ["message_id"] = "gen_random_uuid()",
        ["MessageId"] = "gen_random_uuid()",
        ["LockId"] = "null",
        ["LockedUntil"] = "null",
        ["Created"] = "clock_timestamp()",
        ["OrderingKey"] = "case when template.\"OrderingKey\" is not null then gen_random_uuid()::text end",
    };

    // What is scheduled waits for its time, as it should: a game's start, its end, its reminders.
    private const string ColumnOfScheduled = "EnqueueTime";

    private const string IsOfTable = "(quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass = $1::text::regclass";

    private bool? _schedules;

    public Task EmptyAsync(CancellationToken ct) => database.ExecuteAsync($"truncate {name}", ct);

    /// <summary>Rows that are to leave at once.</summary>
    public async Task<long> CountAsync(CancellationToken ct) =>
        await database.ScalarAsync<long>($"select count(*) from {name} message where {await IsDueAsync("message", ct)}", ct);

    public async Task CaptureTemplateAsync(CancellationToken ct)
    {
        await DropTemplateAsync(ct);
        var isDue = await IsDueAsync("new", ct);
        await database.ExecuteAsync($"""
            create table {Template} (like {name});
            create function {Template}() returns trigger language plpgsql as $$ begin insert into {Template} select new.*; return null; end $$;
            create trigger {Template} after insert on {name} for each row when ({isDue}) execute function {Template}();
            """, ct);
    }

    public Task<bool> HasTemplateAsync(CancellationToken ct) => database.ScalarAsync<bool>($"select exists (select from {Template})", ct);

    public async Task RequireTemplateAsync(CancellationToken ct)
    {
        if (!await HasTemplateAsync(ct))
            throw new BenchException($"A game was accepted, but {name} got no row: it is not this implementation's outbox.");
    }

    /// <summary>Inserts <paramref name="copies"/> copies of the first row that was captured.</summary>
    public async Task FillAsync(int copies, CancellationToken ct)
    {
        await database.ExecuteAsync($"drop trigger if exists {Template} on {name}", ct);

        var columns = await database.QueryAsync(
            $"""
            select quote_ident(column_name), column_name from information_schema.columns
            where {IsOfTable}
              and is_identity = 'NO' and is_generated = 'NEVER' and coalesce(column_default, '') not like 'nextval(%'
            order by ordinal_position
            """,
            row => (Name: row.GetString(0), Value: ColumnsOfCopies.GetValueOrDefault(row.GetString(1), $"template.{row.GetString(0)}")),
            ct,
            name);

        await database.ExecuteAsync($"""
            insert into {name} ({string.Join(", ", columns.Select(column => column.Name))})
            select {string.Join(", ", columns.Select(column => column.Value))}
            from (select * from {Template} limit 1) template, generate_series(1, {copies});
            """, ct);
        await database.ExecuteAsync($"analyze {name}", ct);
    }

    public Task DropTemplateAsync(CancellationToken ct) =>
        database.ExecuteAsync(
            $"drop trigger if exists {Template} on {name}; drop function if exists {Template}; drop table if exists {Template}", ct);

    private async Task<string> IsDueAsync(string row, CancellationToken ct)
    {
        _schedules ??= await database.ScalarAsync<bool>(
            $"select exists (select from information_schema.columns where {IsOfTable} and column_name = '{ColumnOfScheduled}')", ct, name);
        return _schedules.Value ? $"{row}.\"{ColumnOfScheduled}\" is null" : "true";
    }
}
