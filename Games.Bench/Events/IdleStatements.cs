using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Events;

/// <summary>The statements that a database gets without load, by PostgreSQL's own count.</summary>
internal sealed class IdleStatements(NpgsqlDataSource database)
{
    /// <summary>PostgreSQL reads it at its start only.</summary>
    public static readonly IReadOnlyDictionary<string, string> Settings = new Dictionary<string, string>
    {
        ["shared_preload_libraries"] = "pg_stat_statements",
    };

    // A statement of the journal names its table, and no other table has a similar name.
    private const string NamesTheJournal = @"\mevents\M";

    public async Task<bool> CanBeCountedAsync(CancellationToken ct)
    {
        if (!await database.ScalarAsync<bool>("select current_setting('shared_preload_libraries') like '%pg_stat_statements%'", ct))
            return false;

        await database.ExecuteAsync("create extension if not exists pg_stat_statements", ct);
        return true;
    }

    public Task ResetAsync(CancellationToken ct) => database.ExecuteAsync("select pg_stat_statements_reset()", ct);

    /// <summary>Those of this database since the reset, the most frequent first.</summary>
    public async Task<IReadOnlyList<RepeatedStatement>> ReadAsync(CancellationToken ct) => await database.QueryAsync(
        $"""
        select left(regexp_replace(query, '\s+', ' ', 'g'), 200), calls, query ~ '{NamesTheJournal}'
        from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database()) and query !~ 'pg_stat'
        order by calls desc, query
        """,
        row => new RepeatedStatement(row.GetString(0), row.GetInt64(1), row.GetBoolean(2)),
        ct);
}

/// <summary>A statement and how often it was run.</summary>
/// <param name="Text">Its first 200 characters.</param>
/// <param name="Calls">By all processes together.</param>
/// <param name="IsOfJournal">Whether it names the table events.</param>
internal sealed record RepeatedStatement(string Text, long Calls, bool IsOfJournal);
