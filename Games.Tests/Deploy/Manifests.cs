using System.Text.Json.Nodes;
using Games.Tests.Architecture;

namespace Games.Tests.Deploy;

/// <summary>What is in <c>deploy/kubernetes</c>, as it is written there.</summary>
internal static class Manifests
{
    public const string Base = "deploy/kubernetes/base";
    public const string Servers = "deploy/kubernetes/servers";

    private const string Kustomization = "kustomization.yaml";

    public static IEnumerable<string> FilesOf(string folder) =>
        Directory.EnumerateFiles(Repository.PathOf(folder)).Select(path => Path.GetFileName(path)).Where(name => name != Kustomization).Order();

    public static JsonObject KustomizationOf(string folder) => Yaml.DocumentsOf($"{folder}/{Kustomization}").Single();

    /// <summary>The files that a kustomization patches with.</summary>
    public static IEnumerable<string> PatchesOf(string folder) =>
        KustomizationOf(folder)["patches"].Items().Select(patch => (string)patch["path"]!);

    /// <summary>The objects of a folder, without patches, which are parts of one.</summary>
    public static IEnumerable<JsonObject> ObjectsOf(string folder) =>
        FilesOf(folder).Except(PatchesOf(folder)).SelectMany(name => Yaml.DocumentsOf($"{folder}/{name}"));

    public static JsonNode ObjectOf(string folder, string kind, string name) =>
        ObjectsOf(folder).Single(x => x.Kind() == kind && x.Name() == name);

    /// <summary>The pod of one of the services.</summary>
    public static JsonNode PodOf(string service) => ObjectOf(Base, "Deployment", $"games-{service}")["spec"]!["template"]!;

    /// <summary>All containers of a pod, those before it included.</summary>
    public static IEnumerable<JsonNode> Containers(this JsonNode pod) =>
        pod["spec"]!["initContainers"].Items().Concat(pod["spec"]!["containers"].Items());

    public static IEnumerable<JsonNode> Items(this JsonNode? array) => array?.AsArray().Select(item => item!) ?? [];

    public static string Kind(this JsonNode x) => (string)x["kind"]!;

    public static string Name(this JsonNode x) => (string)(x["metadata"]?["name"] ?? x["name"])!;
}
