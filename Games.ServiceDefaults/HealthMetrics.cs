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

    /// <summary>Of a check that does not answer any more, what it said once is no figure.</summary>
    private static readonly TimeSpan IsNews = TimeSpan.FromSeconds(90);

    private readonly ConcurrentDictionary<string, (HealthStatus Status, long At)> _checks = new();
    private readonly TimeProvider _time;

    public HealthMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        meters.Create(Name).CreateObservableGauge(
            "games.health.status",
            () => _checks.Where(check => time.GetElapsedTime(check.Value.At) < IsNews)
                .Select(check => new Measurement<int>((int)check.Value.Status, new KeyValuePair<string, object?>("check", check.Key))),
            "{status}", "What a health check said last: 2 healthy, 1 degraded, 0 unhealthy.");
    }

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        foreach (var (name, entry) in report.Entries)
            _checks[name] = (entry.Status, _time.GetTimestamp());
        return Task.CompletedTask;
    }
}
