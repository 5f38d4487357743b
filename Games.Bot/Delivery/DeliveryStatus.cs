using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Games.Bot.Delivery;

/// <summary>Whether Discord lets this bot speak at all.</summary>
internal sealed class DeliveryStatus
{
    private volatile string? _problem;

    /// <summary>Why it does not; null as far as is known.</summary>
    public string? Problem
    {
        get => _problem;
        set => _problem = value;
    }
}

/// <summary>Red while Discord refuses the token: nothing is delivered then.</summary>
internal sealed class DiscordHealthCheck(DeliveryStatus status) : IHealthCheck
{
    public const string Name = "discord";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default) => Task.FromResult(
        status.Problem is { } problem ? new(context.Registration.FailureStatus, problem) : HealthCheckResult.Healthy());
}
