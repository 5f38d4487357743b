using System.Data;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Games.Data;
using Games.Outbox.Outages;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Ops.Doctor;

/// <summary>PostgreSQL answers, and its tables are those of this version and open to whoever asks.</summary>
internal sealed class DatabaseCheck(GamesDbContext db) : ICheck
{
    public string Subject => "database";

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        Finding finding;
        try
        {
            // The first question costs the start of EF Core and a connection, which say nothing about the database.
            await db.Database.OpenConnectionAsync(ct);
            var version = await AskVersionAsync(ct);
            var took = await FastestAnswerAsync(ct);
            finding = FindOld()
                ?? await FindReadOnlyAsync(ct)
                ?? await FindPendingAsync(ct)
                ?? await FindForbiddenAsync(ct)
                ?? Finding.Ok(Subject, $"PostgreSQL {version} at {Address} answers in {took.TotalMilliseconds:F0} ms, all migrations are applied");
        }
        catch (Exception e) when (e.IsDatabaseFailure())
        {
            finding = Finding.Wrong(
                Subject, $"{Address} does not answer: {e.InWords()}",
                $"start PostgreSQL (that of ./run: ./games database start), or mend ConnectionStrings:{GamesDatabase.Name}");
        }

        await db.Database.CloseConnectionAsync();
        yield return finding;
    }

    /// <summary>Of a few, as one of them may have waited for this process and not for the database.</summary>
    private async Task<TimeSpan> FastestAnswerAsync(CancellationToken ct)
    {
        var fastest = TimeSpan.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await AskVersionAsync(ct);
            var took = Stopwatch.GetElapsedTime(start);
            fastest = took < fastest ? took : fastest;
        }

        return fastest;
    }

    private Finding? FindOld() => ((NpgsqlConnection)db.Database.GetDbConnection()).FindRefusal() is { } refusal
        ? Finding.Wrong(Subject, $"{Address}: {refusal}", "move the database to a newer server")
        : null;

    private async Task<Finding?> FindPendingAsync(CancellationToken ct) =>
        (await db.Database.GetPendingMigrationsAsync(ct)).ToList() is { Count: > 0 } pending
            ? Finding.Wrong(
                Subject, $"{Quantity.Of(pending.Count, "migration")} not applied, the first is {pending[0]}",
                "run: dotnet run --project Games.Api -- --migrate")
            : null;

    /// <summary>Rights that the services need on each table, and this login lacks.</summary>
    private async Task<Finding?> FindForbiddenAsync(CancellationToken ct)
    {
        var tables = db.Model.GetEntityTypes().Select(x => x.GetTableName()).Distinct().ToArray();
        var forbidden = await db.Database.SqlQuery<Forbidden>($"""
            SELECT string_agg(needed, ', ' ORDER BY needed) AS "Rights", oid::regclass::text AS "Table",
                quote_ident(pg_get_userbyid(relowner)) AS "Owner", quote_ident(current_user) AS "Role"
            FROM pg_class CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS needed
            WHERE oid IN (SELECT to_regclass(quote_ident(name)) FROM unnest({tables}) AS name) AND NOT has_table_privilege(oid, needed)
            GROUP BY oid, relowner ORDER BY oid::regclass::text COLLATE "C"
            """).ToListAsync(ct);
        return forbidden is [{ Role: var role, Owner: var owner }, ..]
            ? Finding.Wrong(
                Subject, $"{role} lacks {string.Join("; ", forbidden.Select(x => $"{x.Rights} on {x.Table}"))}",
                $"if that is the login of the services, as the tables' owner, {owner}: "
                + string.Join(' ', forbidden.Select(x => $"GRANT {x.Rights} ON {x.Table} TO {role};")))
            : null;
    }

    /// <summary>A server that answers and takes nothing: for whom it does so, and how that is ended.</summary>
    private async Task<Finding?> FindReadOnlyAsync(CancellationToken ct)
    {
        var (isStandby, source, database, role) = await db.Database.SqlQuery<Writes>($"""
            SELECT pg_is_in_recovery() AS "IsStandby", CASE WHEN setting = 'on' THEN source END AS "ReadOnlyBy",
                quote_ident(current_database()) AS "Database", quote_ident(current_user) AS "Role"
            FROM pg_settings WHERE name = 'default_transaction_read_only'
            """).SingleAsync(ct);
        if (isStandby)
        {
            return Finding.Wrong(
                Subject, $"{Address} is a standby: it answers and takes nothing",
                $"name the primary in ConnectionStrings:{GamesDatabase.Name}, or promote this one");
        }

        if (source is null)
            return null;

        var mend = source switch
        {
            "database" => InWriting($"ALTER DATABASE {database} RESET default_transaction_read_only"),
            "user" => InWriting($"ALTER ROLE {role} RESET default_transaction_read_only"),
            "database user" => InWriting($"ALTER ROLE {role} IN DATABASE {database} RESET default_transaction_read_only"),
            "configuration file" => "ALTER SYSTEM SET default_transaction_read_only = off; SELECT pg_reload_conf(); (each its own -c)",
            _ => null,
        };
        return Finding.Wrong(
            Subject, $"{Address} answers and takes nothing: default_transaction_read_only is on ({source})",
            "somebody has set it, or a tool because its disk is full. "
                + (mend is null
                    ? "End it where it is set: the server's command line or environment, or Options in the connection string"
                    : $"In psql: {mend}"));

        // At its prompt and as one -c alike.
        static string InWriting(string statement) => $"BEGIN READ WRITE; {statement}; COMMIT;";
    }

    // Of several hosts the one that has answered, or all.
    private string Address
    {
        get
        {
            var connection = (NpgsqlConnection)db.Database.GetDbConnection();
            if (connection.State is ConnectionState.Open)
                return $"{connection.Host}:{connection.Port}";

            var hosts = new NpgsqlConnectionStringBuilder(connection.ConnectionString);
            return string.Join(", ", hosts.Host!.Split(',').Select(host => host.Contains(':') ? host : $"{host}:{hosts.Port}"));
        }
    }

    private Task<string> AskVersionAsync(CancellationToken ct) =>
        db.Database.SqlQuery<string>($"""SELECT current_setting('server_version') AS "Value" """).SingleAsync(ct);

    private sealed record Forbidden(string Rights, string Table, string Owner, string Role);

    private sealed record Writes(bool IsStandby, string? ReadOnlyBy, string Database, string Role);
}
