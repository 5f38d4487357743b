using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Games.Data;

/// <summary>
/// Asks the games table itself: an open pooled connection proves nothing, and a database without its tables, one that takes nothing, or one of a
/// server that is too old, is not ready.
/// </summary>
internal sealed class GamesDatabaseHealthCheck(GamesDbContext db) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default)
    {
        await db.Database.OpenConnectionAsync(ct);
        var refusal = ((NpgsqlConnection)db.Database.GetDbConnection()).FindRefusal();
        await db.Database.CloseConnectionAsync();
        if (refusal is not null)
            return new(context.Registration.FailureStatus, $"{refusal}.");

        var isReadOnly = await db.Database.SqlQuery<bool>($"""
            SELECT current_setting('transaction_read_only')::bool AS "Value" FROM (SELECT count(*) FROM (SELECT FROM games LIMIT 1) AS one) AS games
            """).SingleAsync(ct);
        if (!isReadOnly)
            return HealthCheckResult.Healthy();

        // A session keeps what was the default at its beginning: the next question is to be another's.
        NpgsqlConnection.ClearAllPools();
        return new(context.Registration.FailureStatus, "The database is read-only.");
    }
}
