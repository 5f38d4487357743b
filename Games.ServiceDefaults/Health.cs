using Games.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.ServiceDefaults;

public static class Health
{
    /// <summary>Tag of the checks that <c>/health/ready</c> asks.</summary>
    public const string Ready = "ready";

    /// <summary>Adds what <see cref="MapHealth"/> needs.</summary>
    internal static void AddReadyReport(this IServiceCollection services) => services.TryAddSingleton<ReadyReport>();

    /// <summary>
    /// Maps <c>/health/live</c> (the process answers) and <c>/health/ready</c> (it can do its job: for whoever routes requests), which need no
    /// key. A degraded check is answered with 503, like an unhealthy one.
    /// </summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var probes = routes.MapGroup("/health").AllowAnonymous().DisableRateLimiting().DisableHttpMetrics();
        probes.MapHealthChecks("/live", new HealthCheckOptions { Predicate = _ => false });
        probes.Map("/ready", static async context =>
            await AnswerAsync(context, await context.RequestServices.GetRequiredService<ReadyReport>().AskAsync().WaitAsync(context.RequestAborted)));
    }

    /// <summary>Maps <c>/health/outbox</c> (what waits and what is dead: for whoever watches, and has a key with the scope <c>ops</c>).</summary>
    public static void MapOutboxHealth(this IEndpointRouteBuilder routes) => routes.MapHealthChecks("/health/outbox", new HealthCheckOptions
    {
        Predicate = check => check.Tags.Contains("outbox"),
        ResponseWriter = AnswerAsync,
    }).RequireAuthorization(Scope.Ops);

    /// <summary>Which check is red, and why.</summary>
    private static Task AnswerAsync(HttpContext context, HealthReport report)
    {
        context.Response.StatusCode = report.Status is HealthStatus.Healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store, no-cache";
        return context.Response.WriteAsJsonAsync(new
        {
            health = report.Status.ToString(),
            checks = report.Entries.ToDictionary(check => check.Key, check => CheckedHealth.Of(check.Value)),
        });
    }
}
