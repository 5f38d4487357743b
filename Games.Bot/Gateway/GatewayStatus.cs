using Games.DiscordClient.Gateway;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Bot.Gateway;

/// <summary>Whether what happens in Discord is heard here; null while another bot hears it.</summary>
internal sealed class GatewayStatus
{
    /// <summary>The client of this process while it holds the lease.</summary>
    public GatewayClient? Client { get; set; }

    /// <summary>Why Discord's gateway refuses the bot for good.</summary>
    public string? Refusal { get; set; }
}

/// <summary>
/// Red while the gateway refuses the bot: its token, its intents. A connection that comes and goes is not: the bot does the rest of its job.
/// </summary>
internal sealed class GatewayHealthCheck(GatewayStatus status) : IHealthCheck
{
    public const string Name = "gateway";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default) => Task.FromResult(
        status.Refusal is { } refusal ? new(context.Registration.FailureStatus, refusal) : HealthCheckResult.Healthy(status.Client?.Problem));
}
