using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Data;

/// <summary>Asks the games table itself: an open pooled connection proves nothing, and a database without its tables is not ready.</summary>
internal sealed class GamesDatabaseHealthCheck(GamesDbContext db) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default)
    {
        await db.Games.AnyAsync(ct);
        return HealthCheckResult.Healthy();
    }
}
