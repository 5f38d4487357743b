using Games.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Bot.Delivery;

/// <summary>
/// Red while an announcement has waited for Discord for minutes. For whoever watches, not of <c>/health/ready</c>: another bot would reach it no
/// better. Without a token they wait on purpose.
/// </summary>
internal sealed class WaitingAnnouncementsCheck(GamesDbContext db, DiscordOptions discord) : IHealthCheck
{
    public const string Name = "announcements";

    private static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(5);

    private static readonly string OldestAge = $"""
        SELECT extract(epoch FROM now() - min(changed_at))::float8 AS "Value" FROM announcements WHERE {DeliveryStore.AnnouncementsWait}
        """;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default) =>
        discord.HasToken && await db.Database.SqlQueryRaw<double?>(OldestAge).SingleAsync(ct) is { } age && age > MaxWait.TotalSeconds
            ? new(context.Registration.FailureStatus, $"An announcement has waited for Discord for {age:F0} s.")
            : HealthCheckResult.Healthy();
}
