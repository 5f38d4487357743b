using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Games.ServiceDefaults;
using Games.Tests.Architecture;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.Tests.Deploy;

/// <summary>The manifests name what the code, its images, the compose files and the alerts name.</summary>
public sealed partial class KubernetesAgreementTests
{
    /// <summary>PostgreSQL keeps three for its superuser, and the operator has some.</summary>
    private const int OtherConnections = 20;

    private static readonly string[] Services = ["api", "bot"];

    [Theory]
    [InlineData("api")]
    [InlineData("bot")]
    public void A_pod_has_the_port_on_which_its_image_listens_and_its_Service_leads_there(string service)
    {
        var port = Assert.Single(ContainerOf(service)["ports"].Items());
        var target = Assert.Single(Manifests.ObjectOf(Manifests.Base, "Service", $"games-{service}")["spec"]!["ports"].Items());
        var ingress = Manifests.ObjectOf(Manifests.Base, "NetworkPolicy", $"games-{service}")["spec"]!["ingress"].Items();

        Assert.Equal($"{port["containerPort"]}", ContainerSettings.Of(service).Port);
        Assert.Equal(port.Name(), (string?)target["targetPort"]);
        Assert.Equal(port.Name(), (string?)Assert.Single(Assert.Single(ingress)["ports"].Items())["port"]);
    }

    [Theory]
    [InlineData("api")]
    [InlineData("bot")]
    public void A_probe_asks_what_the_services_map(string service)
    {
        var container = ContainerOf(service);
        (string Probe, string Path)[] probes =
            [("startupProbe", "/health/live"), ("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")];
        var mapped = MappedHealth();

        Assert.All(probes, probe =>
        {
            var asks = container[probe.Probe]!["httpGet"]!;
            Assert.Equal(probe.Path, (string?)asks["path"]);
            Assert.Equal(Assert.Single(container["ports"].Items()).Name(), (string?)asks["port"]);
            Assert.Contains(probe.Path, mapped);
        });
    }

    [Theory]
    [InlineData("api")]
    [InlineData("bot")]
    public void A_pod_is_given_the_time_that_its_host_takes_to_stop(string service)
    {
        var settings = Manifests.ObjectOf(Manifests.Base, "ConfigMap", "games-settings")["data"]!;
        var needed = new HostOptions().ShutdownTimeout + TimeSpan.Parse((string)settings["Shutdown__DrainTime"]!, CultureInfo.InvariantCulture);

        Assert.True(TimeSpan.FromSeconds((int)Manifests.PodOf(service)["spec"]!["terminationGracePeriodSeconds"]!) > needed);
    }

    [Fact]
    public void The_images_are_those_of_the_projects_of_one_build_and_the_API_migrates()
    {
        var images = Manifests.KustomizationOf(Manifests.Base)["images"].Items().ToArray();
        var migrate = Services.Select(service => Manifests.PodOf(service)["spec"]!["initContainers"].Items().Single()).ToArray();

        Assert.Equal(["games-api", "games-bot"], images.Select(image => image.Name()));
        Assert.Single(images.Select(image => (string)image["newTag"]!).Distinct());
        Assert.All(Services, service => Assert.Equal($"games-{service}", (string?)ContainerOf(service)["image"]));
        Assert.All(Services, service => Assert.Equal($"games-{service}", ContainerSettings.Of(service).Repository));
        Assert.All(migrate, container => Assert.Equal("""games-api ["--migrate"]""", $"{container["image"]} {container["args"]!.ToJsonString()}"));
    }

    [Fact]
    public void Each_variable_is_a_setting_that_is_documented()
    {
        string[] compose = ["docker-compose.yml", "docker-compose.cluster.yml"];
        var given = compose.SelectMany(VariablesOfCompose)
            .Concat(Manifests.ObjectOf(Manifests.Base, "ConfigMap", "games-settings")["data"]!.AsObject().Select(x => x.Key))
            .Concat(Services.SelectMany(service => Manifests.PodOf(service).Containers()).SelectMany(VariablesOf))
            .Concat(Patched().SelectMany(VariablesOf)).Distinct().ToArray();
        var documented = Documented().ToHashSet();

        Assert.True(given.Length > 10, string.Join(", ", given));
        Assert.Empty(given.Select(name => Index().Replace(name.Replace("__", ":"), ":0")).Except(documented));
    }

    [Fact]
    public void What_scales_the_bots_is_a_metric_of_the_alerts()
    {
        var metric = ScalingOf("bot")["metrics"].Items().Single();
        var name = metric["external"]!["metric"]!.Name();

        // DashboardTests holds those to the metrics that exist.
        Assert.Matches($@"expr: max\({name}\) > \d+", File.ReadAllText(Repository.PathOf("deploy/prometheus-rules.yml")));
        Assert.Contains($"`{name}`", File.ReadAllText(Repository.PathOf("deploy/kubernetes/README.md")));
    }

    [Fact]
    public void PostgreSQL_takes_the_connections_of_all_processes_that_there_may_be()
    {
        var parts = Connections().Match(File.ReadAllText(Repository.PathOf("docs/operations.md"))).Groups;
        var ofProcess = int.Parse(parts[1].Value) + 2;
        // One more of each during a rollout.
        var processes = Services.Sum(x => 1 + (int)ScalingOf(x)["maxReplicas"]!);
        var cluster = Yaml.DocumentsOf("docker-compose.cluster.yml").Single()["services"]!;
        var replicas = Services.Sum(x => (int)cluster[x]!["deploy"]!["replicas"]!);

        Assert.Equal("two", parts[2].Value);
        Assert.InRange(MaxConnectionsOf(Postgres()["postgresql"]!["parameters"]!.ToJsonString()), processes * ofProcess + OtherConnections, 1_000);
        Assert.All(["postgres", "standby"], server => Assert.InRange(
            MaxConnectionsOf(cluster[server]!["command"]!.ToJsonString()), replicas * ofProcess + OtherConnections, 1_000));
    }

    [Fact]
    public void The_services_take_the_names_and_the_secrets_that_the_operators_make()
    {
        var (postgres, rabbitMq) = (Postgres(), Manifests.ObjectOf(Manifests.Servers, "RabbitmqCluster", "games-rabbitmq")["spec"]!);
        var login = postgres["bootstrap"]!["initdb"]!;
        var compose = Yaml.DocumentsOf("docker-compose.yml").Single()["services"]!;

        Assert.Equal([3, 3], new[] { (int)postgres["instances"]!, (int)rabbitMq["replicas"]! });
        Assert.Contains($"/postgresql:{((string)compose["postgres"]!["image"]!).Split(':')[1]}-", (string?)postgres["imageName"]);
        Assert.Equal((string?)compose["rabbitmq"]!["image"], (string?)rabbitMq["image"]);
        Assert.Equal(4, Patched().Count());
        Assert.All(Patched(), container =>
        {
            var variables = container["env"].Items().ToDictionary(x => x.Name());
            Assert.Equal("games-postgres-app password", SecretOf(variables["POSTGRES_PASSWORD"]));
            // Before what it is put into: Kubernetes knows no later one.
            Assert.Equal("POSTGRES_PASSWORD", container["env"]![0]!.Name());
            Assert.Equal(
                $"Host=games-postgres-rw;Database={login["database"]};Username={login["owner"]};Password=$(POSTGRES_PASSWORD)",
                (string?)variables["ConnectionStrings__Games"]["value"]);
            if (container.Name() != "migrate")
                Assert.Equal("games-rabbitmq-default-user connection_string", SecretOf(variables["ConnectionStrings__RabbitMq"]));
        });
        // Each is one that the base has, or it would be added beside it.
        Assert.Equal(Services.SelectMany(service => Manifests.PodOf(service).Containers()).Select(x => x.Name()), Patched().Select(x => x.Name()));
        Assert.Equal(["games-api", "games-bot"], Manifests.PatchesOf(Manifests.Servers).Select(file => PatchIn(file).Name()));
    }

    private static JsonNode Postgres() => Manifests.ObjectOf(Manifests.Servers, "Cluster", "games-postgres")["spec"]!;

    private static JsonNode ScalingOf(string service) => Manifests.ObjectOf(Manifests.Base, "HorizontalPodAutoscaler", $"games-{service}")["spec"]!;

    private static JsonNode ContainerOf(string service) =>
        Manifests.PodOf(service)["spec"]!["containers"].Items().Single(container => container.Name() == service);

    private static JsonObject PatchIn(string file) => Yaml.DocumentsOf($"{Manifests.Servers}/{file}").Single();

    private static IEnumerable<JsonNode> Patched() =>
        Manifests.PatchesOf(Manifests.Servers).SelectMany(file => PatchIn(file)["spec"]!["template"]!.Containers());

    private static string SecretOf(JsonNode variable) =>
        $"{variable["valueFrom"]!["secretKeyRef"]!["name"]} {variable["valueFrom"]!["secretKeyRef"]!["key"]}";

    private static int MaxConnectionsOf(string text) => int.Parse(MaxConnections().Match(text).Groups[1].Value);

    private static string[] MappedHealth()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddHealthChecks();
        using var app = builder.Build();
        app.MapHealth();
        var endpoints = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints);
        return [.. endpoints.OfType<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText!)];
    }

    /// <summary>Of the services; not what only another variable takes in.</summary>
    private static IEnumerable<string> VariablesOf(JsonNode container) =>
        from variable in container["env"].Items()
        where !container["env"].Items().Any(other => ((string?)other["value"])?.Contains($"$({variable.Name()})") is true)
        select variable.Name();

    private static IEnumerable<string> VariablesOfCompose(string file) =>
        from service in Yaml.DocumentsOf(file).Single()["services"]!.AsObject()
        where (string?)service.Value!["image"] is "games-api" or "games-bot"
        from variable in service.Value["environment"]!.AsObject()
        select variable.Key;

    /// <summary>Keys of the README's table, and variables of OpenTelemetry and ASP.NET Core that the guides speak of.</summary>
    private static HashSet<string> Documented()
    {
        var table = File.ReadLines(Repository.PathOf("README.md"))
            .SkipWhile(line => line != "## Configuration").TakeWhile(line => line != "## Operate it")
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|')[1]);
        string[] guides = ["docs/operations.md", "docs/security.md"];
        var variables = guides.SelectMany(guide => Variable().Matches(File.ReadAllText(Repository.PathOf(guide)))).Select(x => x.Groups[1].Value);
        return [.. table.SelectMany(cell => Code().Matches(cell)).Select(x => x.Groups[1].Value), .. variables];
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("`((?:OTEL|ASPNETCORE)_[A-Z_]+)(?:=[^`]*)?`")]
    private static partial Regex Variable();

    [GeneratedRegex(@":\d+$")]
    private static partial Regex Index();

    [GeneratedRegex(@"a service has (\d+) at most\s+\([^)]*\) and (\w+) for notifications")]
    private static partial Regex Connections();

    [GeneratedRegex(@"max_connections""?[:=]""?(\d+)")]
    private static partial Regex MaxConnections();
}
