using Games.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Bot.Ingestion;

/// <summary>
/// Red when messages are received and nothing is stored. Another replica may have stored what came in here, so before it says so it looks
/// for the very message that waits.
/// </summary>
internal sealed class IngestionHealthCheck(IngestionMetrics metrics, IngestionOptions options, GamesDbContext db, TimeProvider clock) : IHealthCheck
{
    public const string Name = "ingestion";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default)
    {
        if (metrics.Waiting is not { } waiting || clock.GetUtcNow() - waiting.Since is var age && age <= options.StalledAfter)
            return HealthCheckResult.Healthy();

        var isStored = await db.DiscordMessages.AnyAsync(
            message => message.MessageId == waiting.MessageId
                && (waiting.IsDeletion
                    ? message.DeletedAt != null
                    : message.AuthorId != null && (waiting.EditedAt == null || message.EditedAt >= waiting.EditedAt)),
            ct);
        if (!isStored)
        {
            return new(
                context.Registration.FailureStatus,
                $"Messages are received and nothing has been stored for {age.TotalSeconds:F0} s; message {waiting.MessageId} waits.");
        }


        metrics.Found(waiting);
        return HealthCheckResult.Healthy();
    }
}
