using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Games.ServiceDefaults;

/// <summary>How a service ends.</summary>
internal sealed class ShutdownOptions
{
    public const string Section = "Shutdown";

    /// <summary>
    /// How long a service that is told to end still answers, as one that is not ready: longer than whoever balances its requests takes to see that.
    /// Default: 0 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00", ErrorMessage = Section + ":{0} must be zero to {2} (hh:mm:ss).")]
    public TimeSpan DrainTime { get; set; }
}

/// <summary>
/// A service that is told to end is not ready from then on, and does its work for <see cref="ShutdownOptions.DrainTime"/> more, so that it is gone
/// only when no request comes any more.
/// </summary>
internal sealed partial class Draining(ShutdownOptions options, TimeProvider time, ILogger<Draining> logger) : IHostedLifecycleService, IHealthCheck
{
    private volatile bool _isEnding;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default) =>
        Task.FromResult(_isEnding ? new(context.Registration.FailureStatus, "it was told to end") : HealthCheckResult.Healthy());

    public async Task StoppingAsync(CancellationToken ct)
    {
        _isEnding = true;
        if (options.DrainTime == TimeSpan.Zero)
            return;

        LogDrains(options.DrainTime.TotalSeconds);
        await Task.Delay(options.DrainTime, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken ct) => Task.CompletedTask;
    public Task StartAsync(CancellationToken ct) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken ct) => Task.CompletedTask;
    public Task StopAsync(CancellationToken ct) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken ct) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Information, "Told to end: not ready any more, and at work for {Seconds} s until nobody asks")]
    private partial void LogDrains(double seconds);
}

internal static class DrainingRegistration
{
    public static void AddDraining(this IServiceCollection services)
    {
        services.AddValidatedOptions<ShutdownOptions>(ShutdownOptions.Section);
        services.AddSingleton<Draining>();
        services.AddHostedService(provider => provider.GetRequiredService<Draining>());
        services.AddHealthChecks().AddCheck<Draining>("shutdown", tags: [Health.Ready]);
        services.AddOptions<HostOptions>().Configure<ShutdownOptions>((host, shutdown) => host.ShutdownTimeout += shutdown.DrainTime);
    }
}
