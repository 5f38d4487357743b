using Games.Data;
using Games.Data.Journal;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Api;

internal static class Health
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        // The bus is not asked: with the broker down games are still taken, and their events wait.
        routes.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            Predicate = check => check.Name is GamesDatabase.HealthCheckName or EventJournal.HealthCheckName,
        });
        // What waits to be published and what is dead: for whoever watches, who may read no more than the status; not for whoever routes requests.
        routes.MapHealthChecks("/health/outbox", new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains("outbox"),
            ResultStatusCodes = { [HealthStatus.Degraded] = StatusCodes.Status503ServiceUnavailable },
        });
    }
}
