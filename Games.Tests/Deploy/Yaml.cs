using System.Globalization;
using System.Text.Json.Nodes;
using Games.Tests.Architecture;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Games.Tests.Deploy;

/// <summary>YAML as Kubernetes and Compose read it: as JSON. A key that comes twice is an error.</summary>
internal static class Yaml
{
    /// <summary>The documents of a file, whose name is from the root of the repository.</summary>
    public static IReadOnlyList<JsonObject> DocumentsOf(string file)
    {
        using var reader = File.OpenText(Repository.PathOf(file));
        var stream = new YamlStream();
        stream.Load(new MergingParser(new Parser(reader)));
        return [.. stream.Documents.Select(document => (JsonObject)NodeOf(document.RootNode)!)];
    }

    private static JsonNode? NodeOf(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(child => KeyValuePair.Create($"{child.Key}", NodeOf(child.Value)))),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(NodeOf)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } => PlainOf(text),
        YamlScalarNode scalar => scalar.Value,
        _ => throw new InvalidDataException($"{node.NodeType} at {node.Start}"),
    };

    private static JsonNode? PlainOf(string text) => text switch
    {
        "" or "~" or "null" => null,
        "true" => true,
        "false" => false,
        _ when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => text,
    };
}
