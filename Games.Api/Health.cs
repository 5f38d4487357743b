using Games.Data;
using Games.Data.Journal;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;

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
        // What waits to be published and what is dead: for whoever watches, not for whoever routes requests.
        routes.MapHealthChecks("/health/outbox", new HealthCheckOptions { Predicate = check => check.Tags.Contains("outbox") });
    }
}
