using Npgsql;

namespace Games.Bench.Events;

/// <summary>What is said to a database that nobody asks anything: PostgreSQL's own count of every statement.</summary>
internal sealed class IdleStatements(NpgsqlDataSource database)
{
    /// <summary>Has to be there when PostgreSQL starts.</summary>
    public static readonly IReadOnlyDictionary<string, string> Settings = new Dictionary<string, string> { ["shared_preload_libraries"] = "pg_stat_statements" };

    // A statement of the journal names its table, and nothing else of ours has a name like it.
    private const string NamesTheJournal = @"\mevents\M";

    /// <summary>Whether PostgreSQL counts at all.</summary>
    public async Task<bool> CanBeCountedAsync(CancellationToken ct)
    {
        await using var loaded = database.CreateCommand("select current_setting('shared_preload_libraries') like '%pg_stat_statements%'");
        if (await loaded.ExecuteScalarAsync(ct) is not true)
            return false;

        await using var create = database.CreateCommand("create extension if not exists pg_stat_statements");
        await create.ExecuteNonQueryAsync(ct);
        return true;
    }

    /// <summary>Counts from here on.</summary>
    public async Task BeginAsync(CancellationToken ct)
    {
        await using var reset = database.CreateCommand("select pg_stat_statements_reset()");
        await reset.ExecuteNonQueryAsync(ct);
    }

    /// <summary>What came since, in this database, the most frequent first.</summary>
    public async Task<IReadOnlyList<RepeatedStatement>> ReadAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand($"""
            select left(regexp_replace(query, '\s+', ' ', 'g'), 200), calls, query ~ '{NamesTheJournal}'
            from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) and query !~ 'pg_stat'
            order by calls desc, query
            """);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var statements = new List<RepeatedStatement>();
        while (await reader.ReadAsync(ct))
            statements.Add(new(reader.GetString(0), reader.GetInt64(1), reader.GetBoolean(2)));
        return statements;
    }
}

/// <summary>A statement and how often it was run.</summary>
/// <param name="Text">Its first 200 characters.</param>
/// <param name="Calls">By all processes together.</param>
/// <param name="IsOfJournal">Whether it names the table events.</param>
internal sealed record RepeatedStatement(string Text, long Calls, bool IsOfJournal);
