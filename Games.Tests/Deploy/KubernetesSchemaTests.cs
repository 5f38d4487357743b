using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Games.Tests.Api.Clients;
using Games.Tests.Architecture;

namespace Games.Tests.Deploy;

/// <summary>
/// No cluster runs where these tests do. The objects are compiled as literals of the types that kubernetes-models generates from the API of
/// Kubernetes: a field that it does not know, lacks or has of another type is an error. The objects of the two operators are not in that API.
/// </summary>
public sealed partial class KubernetesSchemaTests : IDisposable
{
    private static readonly string[] OfOperators = ["postgresql.cnpg.io/v1 Cluster", "rabbitmq.com/v1beta1 RabbitmqCluster"];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("games-kubernetes-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Each_object_is_as_the_API_of_Kubernetes_has_it()
    {
        Programs.RequireNode();
        var objects = Manifests.ObjectsOf(Manifests.Base).Concat(Manifests.ObjectsOf(Manifests.Servers)).Where(x => !OfOperators.Contains(TypeOf(x)));
        var literals = objects.Select(Literal).ToArray();
        foreach (var source in Directory.EnumerateFiles(Repository.PathOf("Games.Tests/Deploy/Schema")))
            File.Copy(source, PathOf(Path.GetFileName(source)));
        await File.WriteAllLinesAsync(PathOf("manifests.ts"), literals);
        await Programs.InstallFromNpmAsync(_directory.FullName);

        Assert.Equal(13, literals.Length);
        await Programs.RunAsync(_directory.FullName, "node_modules/.bin/tsc", "--project", ".");
    }

    [Fact]
    public void The_servers_are_objects_of_their_operators() =>
        Assert.Equal(OfOperators, Manifests.ObjectsOf(Manifests.Servers).Select(TypeOf).Intersect(OfOperators));

    /// <summary>Of which the types say no more than that they are texts or numbers.</summary>
    [Fact]
    public void A_quantity_is_one()
    {
        var texts = new[] { Manifests.Base, Manifests.Servers }.SelectMany(Manifests.ObjectsOf).Select(x => x.ToJsonString());
        var quantities = texts.SelectMany(text => Sized().Matches(text)).Select(x => x.Groups[1].Value).ToArray();

        Assert.Equal(22, quantities.Length);
        Assert.All(quantities, quantity => Assert.Matches("^[0-9]+(m|Mi|Gi)$", quantity));
    }

    private static string Literal(JsonObject x, int number) => $"""
        import type {"{"} I{x.Kind()} as Kind{number} {"}"} from "kubernetes-models/{x["apiVersion"]}";
        export const object{number}: Kind{number} = {x.ToJsonString(new() { WriteIndented = true })};
        """;

    private static string TypeOf(JsonNode x) => $"{x["apiVersion"]} {x.Kind()}";

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);

    [GeneratedRegex(@"""(?:cpu|memory|sizeLimit|storage|size)"":""([^""]*)""")]
    private static partial Regex Sized();
}
