using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.ServiceDefaults;

/// <summary>
/// What the health checks say, as the meter <c>Games.Health</c>: so that one alert rule holds for each of them. The platform asks them every 30 s.
/// </summary>
internal sealed class HealthMetrics : IHealthCheckPublisher
{
    public const string Name = "Games.Health";

    private readonly ConcurrentDictionary<string, HealthStatus> _checks = new();

    public HealthMetrics(IMeterFactory meters) => meters.Create(Name).CreateObservableGauge(
        "games.health.status",
        () => _checks.Select(check => new Measurement<int>((int)check.Value, new KeyValuePair<string, object?>("check", check.Key))),
        "{status}", "What a health check said last: 2 healthy, 1 degraded, 0 unhealthy.");

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        foreach (var (name, entry) in report.Entries)
            _checks[name] = entry.Status;
        return Task.CompletedTask;
    }
}
