using System.Security.Cryptography;

namespace Games.AppHost.Servers;

/// <summary>Aspire's dashboard: a page with the traces, metrics and logs that services send it, which it keeps in memory.</summary>
/// <param name="program">The dashboard's executable.</param>
/// <param name="port">Of the page.</param>
/// <param name="collectorPort">Where services send to.</param>
/// <param name="log">Gets its lines.</param>
internal sealed class DashboardServer(string program, int port, int collectorPort, Action<string> log) : ServerProcess("dashboard", log)
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly string _login = NewSecret();
    private readonly string _key = NewSecret();

    /// <summary>For a browser: it is logged in by it.</summary>
    public string Address => $"http://localhost:{port}/login?t={_login}";

    /// <summary>Of a service that sends here.</summary>
    public Dictionary<string, string> ServiceSettings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://localhost:{collectorPort}",
        ["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={_key}",
        // Whoever looks at it wants to see what he has just done.
        ["OTEL_BSP_SCHEDULE_DELAY"] = "500",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "5000",
    };

    protected override Signal CleanStop => Signal.Term;

    protected override Task<Command> PrepareAsync(CancellationToken ct) => Task.FromResult(new Command(program)
    {
        Environment = new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = $"http://localhost:{port}",
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = $"http://localhost:{collectorPort}",
            ["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] = "true",
            ["DASHBOARD__APPLICATIONNAME"] = "Games",
            ["DASHBOARD__FRONTEND__AUTHMODE"] = "BrowserToken",
            ["DASHBOARD__FRONTEND__BROWSERTOKEN"] = _login,
            ["DASHBOARD__OTLP__AUTHMODE"] = "ApiKey",
            ["DASHBOARD__OTLP__PRIMARYAPIKEY"] = _key,
            ["Logging__LogLevel__Default"] = "Warning",
        },
    });

    protected override async Task ConnectAsync(CancellationToken ct)
    {
        using var answer = await Http.GetAsync(new Uri($"http://localhost:{port}/login"), ct);
        answer.EnsureSuccessStatusCode();
    }

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}
