using System.Diagnostics;
using MassTransit.Logging;
using MassTransit.Monitoring;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Games.ServiceDefaults;

/// <summary>
/// Traces, metrics and logs by OpenTelemetry's protocol, once <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to; without it nothing of this is there,
/// and nothing costs. The other variables of OpenTelemetry hold as its specification has them.
/// </summary>
internal static class Telemetry
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Sampler = "OTEL_TRACES_SAMPLER";

    private static readonly string[] Sources = ["Games.Bot", "Games.DiscordClient", "Games.Outbox", "Npgsql", DiagnosticHeaders.DefaultListenerName];

    internal static readonly string[] Meters =
    [
        "Games.Bot", HealthMetrics.Name, "Games.Outbox", "Npgsql", InstrumentationOptions.MeterName, "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.RateLimiting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime",
    ];

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration[Endpoint]))
            return;

        var service = builder.Environment.ApplicationName;
        builder.Services.AddSingleton<IHealthCheckPublisher, HealthMetrics>();
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear()
                .AddTelemetrySdk()
                .AddService(service, serviceNamespace: "games", serviceVersion: VersionOf(service))
                .AddEnvironmentVariableDetector())
            .WithTracing(tracing =>
            {
                tracing.AddSource(Sources)
                    .AddAspNetCoreInstrumentation(http => http.Filter = context => !context.Request.Path.StartsWithSegments("/health"));
                if (string.IsNullOrWhiteSpace(builder.Configuration[Sampler]))
                    tracing.SetSampler(new ParentBasedSampler(new AskedFor()));
            })
            .WithMetrics(metrics => metrics.AddMeter(Meters))
            .WithLogging(null, logs => logs.IncludeFormattedMessage = true)
            .UseOtlpExporter();
    }

    private static string? VersionOf(string service) => AppDomain.CurrentDomain.GetAssemblies()
        .FirstOrDefault(assembly => assembly.GetName().Name == service)?.GetName().Version?.ToString(fieldCount: 3);

    /// <summary>Looks at tables at rest, and renewals of leases, begin no trace: nobody asked for them, and they would be most of all.</summary>
    private sealed class AskedFor : OpenTelemetry.Trace.Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            new(samplingParameters.Kind is ActivityKind.Client ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
    }
}
