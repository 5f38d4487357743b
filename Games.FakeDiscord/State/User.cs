using System.Text.Json.Nodes;

namespace Games.FakeDiscord.State;

/// <summary>A person, or the bot.</summary>
internal sealed class User(string id, string name, bool isBot = false)
{
    public string Id { get; } = id;

    public string Name { get; set; } = name;

    public bool IsBot { get; } = isBot;

    public bool AcceptsDms { get; set; } = true;

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["id"] = Id,
            ["username"] = Name,
            ["discriminator"] = "0",
            ["global_name"] = IsBot ? null : Name,
            ["avatar"] = null,
            ["public_flags"] = 0,
        };
        if (IsBot)
            json["bot"] = true;
        return json;
    }
}
