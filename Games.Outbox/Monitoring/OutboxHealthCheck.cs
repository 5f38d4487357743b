using Games.Outbox.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Outbox.Monitoring;

/// <summary>
/// Unhealthy when the relay of this process does not get through a pass, by the beat of its loop, or may not delete. Degraded when messages wait for
/// long, or are dead, or cannot be counted. A broker that is down makes messages wait, and nothing more: whoever takes them is still ready.
/// </summary>
internal sealed class OutboxHealthCheck<TDbContext>(
    Heartbeat<TDbContext> relay, OutboxBacklog<TDbContext> backlog, OutboxDatabase<TDbContext> database, OutboxSettings<TDbContext> settings)
    : IHealthCheck
    where TDbContext : DbContext
{
    /// <summary>Name of the check, and its tag.</summary>
    public const string Name = "outbox";

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var options = settings.Value;
        if (relay.Refusal is { } refusal)
            return HealthCheckResult.Unhealthy($"Nothing is published, because the database refuses to delete what was: {refusal}");
        if (relay.Overdue is { } overdue && overdue > options.UnhealthyAfter)
            return HealthCheckResult.Unhealthy($"The relay has not finished a pass for {overdue.TotalSeconds:F0} s.");

        try
        {
            var (pending, dead, oldestAge) = await backlog.MeasureAsync().WaitAsync(LongestWait, cancellationToken);
            Dictionary<string, object> figures = new() { ["pending"] = pending, ["dead"] = dead, ["oldestAge"] = oldestAge.TotalSeconds };

            if (oldestAge > options.DegradedAge)
                return HealthCheckResult.Degraded($"The oldest message has waited for {oldestAge.TotalSeconds:F0} s.", data: figures);

            return dead >= options.DegradedDead
                ? HealthCheckResult.Degraded($"{dead} message(s) are dead.", data: figures)
                : HealthCheckResult.Healthy(data: figures);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Degraded(
                $"The messages that wait cannot be counted{(database.WhatIsMissing(exception) is { } missing ? $": {missing}" : "")}.", exception);
        }
    }
}
