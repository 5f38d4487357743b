using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Games.ServiceDefaults;
using Games.Tests.Api;
using Games.Tests.Architecture;
using Games.Tests.Bot;
using Games.Tests.Servers;
using MassTransit.Monitoring;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Games.Tests.Telemetry;

/// <summary>What deploy/ and docs/operations.md ask for is what the services say, by the names that OTLP's metrics have in Prometheus.</summary>
public sealed partial class DashboardTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private const string Rules = "deploy/prometheus-rules.yml";
    private const string Dashboard = "deploy/grafana-dashboard.json";

    [Fact]
    public async Task Each_metric_that_is_asked_for_exists()
    {
        var existing = await MetricsAsync();
        var asked = Expressions().Concat(Documented()).SelectMany(MetricsIn).Distinct().Order().ToArray();
        // A histogram has three.
        var missing = asked.Where(name => !existing.Contains(name) && !existing.Contains(Suffix().Replace(name, ""))).ToArray();

        Assert.True(asked.Length > 12, string.Join(", ", asked));
        Assert.True(missing is [], $"""
            Nobody says {string.Join(", ", missing)}.
            There are {string.Join(", ", existing.Order())}.
            """);
    }

    [Fact]
    public void Each_alert_is_in_the_table_of_operations_and_has_its_runbook()
    {
        var operations = File.ReadAllText(Repository.PathOf("docs/operations.md"));
        var alerts = Alert().Matches(File.ReadAllText(Repository.PathOf(Rules))).Select(x => x.Groups[1].Value).ToArray();
        var rows = Row().Matches(operations).ToDictionary(x => x.Groups[1].Value, x => x.Groups[2].Value);

        Assert.NotEmpty(alerts);
        Assert.Equal(alerts.Order(), rows.Keys.Order());
        Assert.All(rows.Values, anchor => Assert.Contains(
            anchor, Heading().Matches(operations).Select(x => x.Groups[1].Value.ToLowerInvariant().Replace(' ', '-'))));
    }

    private static IEnumerable<string> Expressions()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Repository.PathOf(Dashboard)));
        return
        [
            .. dashboard.RootElement.GetProperty("panels").EnumerateArray()
                .SelectMany(panel => panel.TryGetProperty("targets", out var targets) ? targets.EnumerateArray() : [])
                .Select(target => target.GetProperty("expr").GetString()!),
            .. Expression().Matches(File.ReadAllText(Repository.PathOf(Rules))).Select(x => x.Groups[1].Value),
        ];
    }

    /// <summary>Metrics in the table of alerts.</summary>
    private static IEnumerable<string> Documented() => File.ReadLines(Repository.PathOf("docs/operations.md"))
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .SelectMany(line => Code().Matches(line).Skip(1).Select(x => x.Groups[1].Value));

    /// <summary>Words of PromQL that are neither a function, a keyword, a label nor a text.</summary>
    private static IEnumerable<string> MetricsIn(string expression)
    {
        var bare = Label().Replace(Grouping().Replace(expression, ""), "");
        return Metric().Matches(bare).Select(x => x.Value);
    }

    private async Task<HashSet<string>> MetricsAsync()
    {
        var instruments = new ConcurrentBag<Instrument>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => instruments.Add(instrument) };
        listener.Start();
        var collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
        await using var api = new ApiHost(database.ConnectionString, broker.ConnectionString, null, collector);
        await using var bot = new BotHost(database.ConnectionString, broker.ConnectionString, null, collector);
        using var callsApi = api.CreateClient();
        using var callsBot = bot.CreateClient();
        await callsBot.ReadyAsync();
        await callsApi.CreateGameAsync(Requests.ValidGame());
        await HasEachCheckAsync(api.Services, bot.Services);
        var sent = instruments.Where(x => Games.ServiceDefaults.Telemetry.Meters.Contains(x.Meter.Name));
        return [.. sent.Select(NameOf), .. OfMassTransit(bot.Services)];
    }

    /// <summary>Each check that a rule names is registered.</summary>
    private static async Task HasEachCheckAsync(params IServiceProvider[] services)
    {
        var named = Check().Matches(await File.ReadAllTextAsync(Repository.PathOf(Rules))).SelectMany(x => x.Groups[1].Value.Split('|')).Distinct();
        var registered = services.SelectMany(x => x.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations);
        Assert.Empty(named.Except(registered.Select(x => x.Name)));
    }

    /// <summary>It makes its instruments once in a process, for whichever host was first: they may be gone with it. Their unit is "ea".</summary>
    private static IEnumerable<string> OfMassTransit(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<InstrumentationOptions>>().Value;
        return typeof(InstrumentationOptions).GetProperties().Select(name => name.GetValue(options) as string)
            .Where(name => name?.StartsWith("messaging.masstransit.", StringComparison.Ordinal) is true)
            .Select(name => $"{NotInNames().Replace(name!, "_")}_ea_total");
    }

    /// <summary>
    /// By OpenTelemetry's specification "Prometheus and OpenMetrics Compatibility": the unit is spelled out, a counter ends with total.
    /// </summary>
    private static string NameOf(Instrument instrument)
    {
        var unit = instrument.Unit switch
        {
            "s" => "seconds",
            "ms" => "milliseconds",
            "By" => "bytes",
            null or "" => "",
            ['{', ..] => "",
            var other => other,
        };
        var name = NotInNames().Replace(instrument.Name, "_");
        if (unit.Length > 0 && !name.EndsWith($"_{unit}", StringComparison.Ordinal))
            name += $"_{unit}";
        var isCounter = instrument.GetType().Name is ['C', ..] or "ObservableCounter`1";
        return isCounter && !name.EndsWith("_total", StringComparison.Ordinal) ? $"{name}_total" : name;
    }

    [GeneratedRegex(@"^\s*- alert: (\w+)", RegexOptions.Multiline)]
    private static partial Regex Alert();

    [GeneratedRegex(@"^\s*expr: (.+)$", RegexOptions.Multiline)]
    private static partial Regex Expression();

    [GeneratedRegex(@"^\| `(\w+)` .*\]\(#([\w-]+)\)", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("check=~?\"([^\"]+)\"")]
    private static partial Regex Check();

    [GeneratedRegex("^## (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|""[^""]*""")]
    private static partial Regex Label();

    [GeneratedRegex(@"\b(by|without|on|ignoring)\s*\([^)]*\)")]
    private static partial Regex Grouping();

    // A metric of ours or of the platform has an underscore and is not called.
    [GeneratedRegex(@"\b[a-z]+(_[a-z0-9]+)+\b(?!\s*\()")]
    private static partial Regex Metric();

    [GeneratedRegex("_(bucket|count|sum)$")]
    private static partial Regex Suffix();

    [GeneratedRegex("[^a-zA-Z0-9_]")]
    private static partial Regex NotInNames();
}
