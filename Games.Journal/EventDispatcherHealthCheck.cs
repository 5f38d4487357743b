using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Journal;

/// <summary>Not ready while wake-ups do not arrive: what is published then waits for somebody's look at the table.</summary>
internal sealed class EventDispatcherHealthCheck(EventDispatcher dispatcher, JournalOptions options) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default) => Task.FromResult(
        dispatcher.IsListening || !options.Notifications || !options.Dispatch
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy(
                $"The dispatcher of the journal is not listening{(dispatcher.ListeningProblem is { } problem ? $": {problem}" : " yet")}"));
}
