using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Games.Tests.Architecture;

namespace Games.Tests.Deploy;

/// <summary>What the manifests let a service be, do and be reached by.</summary>
public sealed partial class KubernetesTests
{
    [Theory]
    [InlineData(Manifests.Base)]
    [InlineData(Manifests.Servers)]
    public void A_kustomization_lists_each_file_of_its_folder_and_only_those(string folder)
    {
        var kustomization = Manifests.KustomizationOf(folder);
        var listed = kustomization["resources"].Items().Select(name => (string)name!).Concat(Manifests.PatchesOf(folder));

        Assert.Equal(Manifests.FilesOf(folder), listed.Where(name => name != "../base").Order());
        Assert.Equal("games", (string?)kustomization["namespace"]);
    }

    [Theory]
    [InlineData("api")]
    [InlineData("bot")]
    public void A_pod_may_do_no_more_than_the_strictest_profile_lets_it(string service)
    {
        var pod = Manifests.PodOf(service)["spec"]!;

        Assert.False((bool)pod["automountServiceAccountToken"]!);
        Assert.True((bool)pod["securityContext"]!["runAsNonRoot"]!);
        Assert.Equal("RuntimeDefault", (string?)pod["securityContext"]!["seccompProfile"]!["type"]);
        Assert.Equal(2, Manifests.PodOf(service).Containers().Count());
        Assert.All(Manifests.PodOf(service).Containers(), container =>
        {
            var context = container["securityContext"]!;
            Assert.False((bool)context["allowPrivilegeEscalation"]!);
            Assert.True((bool)context["readOnlyRootFilesystem"]!);
            Assert.Equal("""{"drop":["ALL"]}""", context["capabilities"]!.ToJsonString());
            Assert.NotNull(container["resources"]!["limits"]!["memory"]);
            Assert.NotNull(container["resources"]!["requests"]!["cpu"]);
        });
        Assert.All(pod["volumes"].Items(), volume => Assert.NotNull(volume["emptyDir"]!["sizeLimit"]));
    }

    [Theory]
    [InlineData("api")]
    [InlineData("bot")]
    public void Two_run_at_least_apart_and_neither_a_rollout_nor_a_drained_node_takes_both(string service)
    {
        var deployment = Manifests.ObjectOf(Manifests.Base, "Deployment", $"games-{service}")["spec"]!;
        var scaling = Manifests.ObjectOf(Manifests.Base, "HorizontalPodAutoscaler", $"games-{service}")["spec"]!;
        var disruptions = Manifests.ObjectOf(Manifests.Base, "PodDisruptionBudget", $"games-{service}")["spec"]!;

        Assert.Null(deployment["replicas"]);
        Assert.Equal(2, (int)scaling["minReplicas"]!);
        Assert.Equal($"Deployment games-{service}", $"{scaling["scaleTargetRef"]!.Kind()} {scaling["scaleTargetRef"]!.Name()}");
        Assert.Equal(0, (int)deployment["strategy"]!["rollingUpdate"]!["maxUnavailable"]!);
        Assert.Equal(1, (int)disruptions["minAvailable"]!);
        Assert.Equal(
            ["kubernetes.io/hostname", "topology.kubernetes.io/zone"],
            deployment["template"]!["spec"]!["topologySpreadConstraints"].Items().Select(x => (string)x["topologyKey"]!));
    }

    [Fact]
    public void What_selects_pods_selects_those_of_a_service()
    {
        var labels = new[] { "api", "bot" }.Select(service => Manifests.PodOf(service)["metadata"]!["labels"]!.AsObject()).ToArray();
        var selectors = Manifests.ObjectsOf(Manifests.Base).Select(x => (Object: $"{x.Kind()} {x.Name()}", Selector: SelectorOf(x["spec"]))).ToList();
        selectors.RemoveAll(x => x.Selector is null);
        selectors.AddRange(new[] { "api", "bot" }.SelectMany(service => Manifests.PodOf(service)["spec"]!["topologySpreadConstraints"].Items()
            .Select(spread => ($"spread of {service}", spread["labelSelector"]!["matchLabels"]))));

        Assert.Equal(13, selectors.Count);
        Assert.All(selectors, x =>
        {
            var selected = labels.Count(pod => x.Selector!.AsObject().All(label => (string?)pod[label.Key] == (string?)label.Value));
            Assert.True(selected == (x.Object == "NetworkPolicy games" ? 2 : 1), $"{x.Object} selects {selected}.");
        });
    }

    [Fact]
    public void No_file_holds_a_secret()
    {
        var files = Directory.GetFiles(Repository.PathOf("deploy/kubernetes"), "*", SearchOption.AllDirectories);

        Assert.True(files.Length > 10);
        Assert.All(files, file => Assert.DoesNotMatch(Secret(), File.ReadAllText(file)));
        Assert.All(
            new[] { Manifests.Base, Manifests.Servers }.SelectMany(Manifests.ObjectsOf), x => Assert.NotEqual("Secret", x.Kind()));
        // The database's and the broker's, and Discord's for the bot alone.
        Assert.Equal(["ConnectionStrings__Games", "ConnectionStrings__RabbitMq"], SecretsOf("api"));
        Assert.Equal(["ConnectionStrings__Games", "ConnectionStrings__RabbitMq", "Discord__Token"], SecretsOf("bot"));
    }

    private static IEnumerable<string> SecretsOf(string service) =>
        from variable in Manifests.PodOf(service)["spec"]!["containers"].Items().Single()["env"].Items()
        let secret = variable["valueFrom"]!["secretKeyRef"]!
        where (string?)secret["name"] == "games-secrets" && (string?)secret["key"] == variable.Name()
        select variable.Name();

    private static JsonNode? SelectorOf(JsonNode? spec) =>
        spec?["podSelector"]?["matchLabels"] ?? spec?["selector"]?["matchLabels"] ?? spec?["selector"];

    // A password in a connection string or an address, a key of ours; not what Kubernetes puts in, nor a word of the guide's in its place.
    [GeneratedRegex(@"Password=(?!\$\(|…)|://[^:/@\s]+:(?!password@)[^@\s]+@|(games|calendar)_[0-9a-f]{64}|secretGenerator")]
    private static partial Regex Secret();
}
