using System.Diagnostics;
using System.Runtime.CompilerServices;
using Games.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Ops.Doctor;

/// <summary>PostgreSQL answers, and its tables are those of this version.</summary>
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
            await AskVersionAsync(ct);
            var start = Stopwatch.GetTimestamp();
            var version = await AskVersionAsync(ct);
            var took = Stopwatch.GetElapsedTime(start);
            finding = (await db.Database.GetPendingMigrationsAsync(ct)).ToList() is { Count: > 0 } pending
                ? Finding.Wrong(
                    Subject, $"{Quantity.Of(pending.Count, "migration")} not applied, the first is {pending[0]}",
                    "run: dotnet run --project Games.Api -- --migrate")
                : Finding.Ok(Subject, $"PostgreSQL {version} at {Address} answers in {took.TotalMilliseconds:F0} ms, all migrations are applied");
        }
        catch (Exception e) when (e.IsDatabaseFailure())
        {
            finding = Finding.Wrong(
                Subject, $"{Address} does not answer: {e.GetBaseException().Message}",
                $"start PostgreSQL (that of ./run: ./games database start), or mend ConnectionStrings:{GamesDatabase.Name}");
        }

        await db.Database.CloseConnectionAsync();
        yield return finding;
    }

    private string Address
    {
        get
        {
            var server = new NpgsqlConnectionStringBuilder(db.Database.GetConnectionString());
            return $"{server.Host}:{server.Port}";
        }
    }

    private Task<string> AskVersionAsync(CancellationToken ct) =>
        db.Database.SqlQuery<string>($"""SELECT current_setting('server_version') AS "Value" """).SingleAsync(ct);
}
