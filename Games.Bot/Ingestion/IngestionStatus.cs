using Games.Data;
using Games.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Bot.Ingestion;

/// <summary>
/// What this process has done since it started, for a person. Delays in seconds, of the last hour; their percentiles are up to 10 % too high.
/// </summary>
internal sealed record IngestionStatus(
    string Health,
    string? Problem,
    long Received,
    Dictionary<string, long> Skipped,
    long Published,
    Dictionary<string, long> Stored,
    long Duplicates,
    long Invalid,
    long Errors,
    DateTimeOffset? LastActivity,
    DateTimeOffset? LastStored,
    IngestionDelays DelayLastHour)
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/status", async (IngestionMetrics metrics, HealthCheckService health, CancellationToken ct) =>
        {
            var checks = (await health.CheckHealthAsync(check => check.Tags.Contains(ServiceDefaults.Health.Ready), ct)).Entries;
            return new
            {
                ingestion = Of(metrics, checks[IngestionHealthCheck.Name]),
                checks = checks.ToDictionary(check => check.Key, check => CheckedHealth.Of(check.Value)),
            };
        }).RequireAuthorization(Scope.Ops);

    private static IngestionStatus Of(IngestionMetrics metrics, HealthReportEntry health)
    {
        var (count, p50, p90, max) = metrics.Delays;
        return new(
            health.Status.ToString(), health.Description,
            metrics.Total("received"), SkipRule.All.ToDictionary(rule => rule, rule => metrics.Total($"skipped.{rule}")), metrics.Total("published"),
            StoredChanges.All.ToDictionary(StoredChanges.Name, change => metrics.Total($"stored.{change.Name()}")),
            metrics.Total("duplicates"), metrics.Total("invalid"), metrics.Total("errors"), metrics.LastActivity, metrics.LastStored,
            new(count, p50, p90, max));
    }
}

internal sealed record IngestionDelays(long Count, double? P50, double? P90, double? Max);

internal static class StoredChanges
{
    public static readonly StoredChange[] All = [StoredChange.Created, StoredChange.Edited, StoredChange.Deleted];

    /// <summary>The word of <c>message.stored</c>, the counter and the status.</summary>
    public static string Name(this StoredChange change) => change.ToString().ToLowerInvariant();
}
