using Games.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.ServiceDefaults;

public static class Health
{
    /// <summary>Tag of the checks that <c>/health/ready</c> asks.</summary>
    public const string Ready = "ready";

    /// <summary>
    /// Maps <c>/health/live</c> (the process answers) and <c>/health/ready</c> (it can do its job: for whoever routes requests), which need no
    /// key. A degraded check is answered with 503, like an unhealthy one.
    /// </summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var probes = routes.MapGroup("/health").AllowAnonymous().DisableRateLimiting();
        probes.MapHealthChecks("/live", new HealthCheckOptions { Predicate = _ => false });
        probes.MapHealthChecks("/ready", Tagged(Ready));
    }

    /// <summary>Maps <c>/health/outbox</c> (what waits and what is dead: for whoever watches, and has a key with the scope <c>ops</c>).</summary>
    public static void MapOutboxHealth(this IEndpointRouteBuilder routes) =>
        routes.MapHealthChecks("/health/outbox", Tagged("outbox")).RequireAuthorization(Scope.Ops);

    private static HealthCheckOptions Tagged(string tag) => new()
    {
        Predicate = check => check.Tags.Contains(tag),
        ResultStatusCodes = { [HealthStatus.Degraded] = StatusCodes.Status503ServiceUnavailable },
    };
}
