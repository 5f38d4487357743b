using Games.Outbox.Outages;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Games.ServiceDefaults;

/// <summary>A check as it is answered: no text of a check, or of a failure in words, holds a secret.</summary>
public sealed record CheckedHealth(string Health, string? Problem)
{
    public static CheckedHealth Of(HealthReportEntry check) => new(
        check.Status.ToString(), check.Status is HealthStatus.Healthy ? null : check.Exception?.InWords() ?? check.Description);
}

/// <summary>
/// Whether this process can do its job, remembered for a second however many ask: the probes need no key and have no limit, and each would ask the
/// database.
/// </summary>
internal sealed partial class ReadyReport(HealthCheckService checks, TimeProvider time, ILogger<ReadyReport> logger)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<HealthReport>? _report;
    private long _asked;
    private string _problems = "";
    private bool _wasReady;

    public Task<HealthReport> AskAsync()
    {
        lock (_lock)
        {
            // One that hangs is not joined by a second.
            if (_report is null || _report.IsCompleted && time.GetElapsedTime(_asked) >= Remembered)
            {
                _asked = time.GetTimestamp();
                _report = Task.Run(CheckAsync);
            }

            return _report;
        }
    }

    private async Task<HealthReport> CheckAsync()
    {
        var report = await checks.CheckHealthAsync(check => check.Tags.Contains(Health.Ready));
        var red = report.Entries.Where(check => check.Value.Status is not HealthStatus.Healthy).ToArray();
        var problems = string.Join(", ", red.Select(check => check.Key));
        if (problems != _problems)
        {
            _problems = problems;
            if (red is [])
                LogReady();
            else
                LogNotReady(_wasReady ? "" : " yet", string.Join("; ", red.Select(check => $"{check.Key}: {CheckedHealth.Of(check.Value).Problem}")));
        }

        _wasReady |= red is [];
        return report;
    }

    [LoggerMessage(LogLevel.Information, "Not ready{Yet}: {Problems}")]
    private partial void LogNotReady(string yet, string problems);

    [LoggerMessage(LogLevel.Information, "Ready")]
    private partial void LogReady();
}
