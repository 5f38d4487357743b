using System.Text.Json.Nodes;

namespace Games.FakeDiscord.Rest;

/// <summary>What is wrong with a body, as Discord's tree: the body's own shape, indexes as keys, "_errors" at its leaves.</summary>
internal sealed class FormErrors
{
    private readonly JsonObject _tree = [];

    public bool IsEmpty => _tree.Count == 0;

    /// <summary>A path is a dotted one ("embeds.0.title"), or empty for the body.</summary>
    public void Add(string path, string code, string message)
    {
        var node = _tree;
        foreach (var part in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (node[part] is not JsonObject child)
                node[part] = child = [];
            node = child;
        }

        if (node["_errors"] is not JsonArray list)
            node["_errors"] = list = [];
        list.Add((JsonNode)new JsonObject { ["code"] = code, ["message"] = message });
    }

    public void ThrowIfAny()
    {
        if (!IsEmpty)
            throw ToError();
    }

    public DiscordError ToError() => new(400, 50035, "Invalid Form Body", _tree);
}
