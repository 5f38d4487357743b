using Games.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Journal;

/// <summary>
/// Red when the first event that waits has waited for too long: nobody dispatches, or it fails again and again. For whoever watches; to route
/// requests past a service for it would turn one bad event into an outage.
/// </summary>
internal sealed class EventBacklogHealthCheck(GamesDbContext db, JournalOptions options) : IHealthCheck
{
    private const string OldestAge = $"""
        SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 AS "Value"
        FROM events WHERE {JournalStore.IsPending} ORDER BY number LIMIT 1
        """;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default) =>
        await db.Database.SqlQueryRaw<double>(OldestAge).ToListAsync(ct) is [var age] && age > options.MaxPendingAge.TotalSeconds
            ? new(context.Registration.FailureStatus, $"An event of the journal has waited to be dispatched for {age:F0} s.")
            : HealthCheckResult.Healthy();
}
