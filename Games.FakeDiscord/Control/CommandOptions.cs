using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Games.FakeDiscord.Rest;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Control;

/// <summary>What a user types after a slash, as Discord's client sends it: it asks for what is required and takes nothing else.</summary>
internal sealed class CommandOptions(World world, Guild? guild)
{
    private const int SubCommandGroup = 2;
    private const int UserType = 6;
    private const int ChannelType = 7;

    private readonly JsonObject _users = [];
    private readonly JsonObject _members = [];
    private readonly JsonObject _channels = [];

    /// <summary>Words are the names of the subcommands; values an object by name, or a list of {name, value}.</summary>
    public JsonObject DataOf(JsonObject command, ReadOnlySpan<string> words, JsonNode? values)
    {
        var data = new JsonObject { ["id"] = (string)command["id"]!, ["name"] = (string)command["name"]!, ["type"] = (int)command["type"]! };
        if (command["guild_id"] is { } guildId)
            data["guild_id"] = (string)guildId!;
        Fill(data, command, words, values);

        var resolved = new JsonObject();
        foreach (var (name, found) in (ReadOnlySpan<(string, JsonObject)>)[("users", _users), ("members", _members), ("channels", _channels)])
        {
            if (found.Count > 0)
                resolved[name] = found;
        }

        if (resolved.Count > 0)
            data["resolved"] = resolved;
        return data;
    }

    private void Fill(JsonObject data, JsonObject owner, ReadOnlySpan<string> words, JsonNode? values)
    {
        var known = (owner["options"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var subCommands = known.Where(option => (int)option["type"]! <= SubCommandGroup).ToList();
        if (subCommands.Count > 0)
        {
            var word = words.Length > 0 ? words[0] : null;
            var sub = subCommands.Find(option => (string?)option["name"] == word)
                ?? throw new ControlError(400, $"\"{word}\" is none of {string.Join(", ", subCommands.Select(option => option["name"]))}.");
            var inner = new JsonObject { ["name"] = word, ["type"] = (int)sub["type"]! };
            Fill(inner, sub, words[1..], values);
            data["options"] = new JsonArray(inner);
            return;
        }

        if (words.Length > 0)
            throw new ControlError(400, $"{owner["name"]} has no \"{words[0]}\".");
        var given = ByName(values);
        if (given.Keys.Except(known.Select(option => (string)option["name"]!)).FirstOrDefault() is { } unknown)
            throw new ControlError(400, $"{owner["name"]} has no option \"{unknown}\".");
        var options = new JsonArray();
        foreach (var option in known)
        {
            if (given.GetValueOrDefault((string)option["name"]!) is { } value)
                options.Add((JsonNode)Given(option, value));
            else if (option["required"]?.GetValue<bool>() == true)
                throw new ControlError(400, $"The option \"{option["name"]}\" is required.");
        }

        data["options"] = options;
    }

    private JsonObject Given(JsonObject option, JsonNode value) => new()
    {
        ["name"] = (string)option["name"]!,
        ["type"] = (int)option["type"]!,
        ["value"] = ValueOf(option, value),
    };

    private static Dictionary<string, JsonNode> ByName(JsonNode? values) => values switch
    {
        null => [],
        JsonObject fields => fields.Where(field => field.Value is not null).ToDictionary(field => field.Key, field => field.Value!),
        JsonArray list => list.OfType<JsonObject>().ToDictionary(item => (string)item["name"]!, item => item["value"]!),
        _ => throw new ControlError(400, "options is an object by name, or a list of {name, value}."),
    };

    private JsonNode ValueOf(JsonObject option, JsonNode value)
    {
        var text = Form.TextOf(value) ?? value.ToJsonString();
        var converted = (int)option["type"]! switch
        {
            3 => (JsonNode)text,
            4 => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null,
            5 => bool.TryParse(text, out var flag) ? flag : null,
            10 => double.TryParse(text, CultureInfo.InvariantCulture, out var real) ? real : null,
            UserType => world.Users.TryGetValue(text, out var user) ? Resolve(user) : null,
            ChannelType => world.Channels.TryGetValue(text, out var channel) ? Resolve(channel) : null,
            _ => text,
        };
        if (converted is null)
            throw new ControlError(400, $"\"{text}\" cannot be the option \"{option["name"]}\".");

        var name = option["name"];
        var length = text.EnumerateRunes().Count();
        if (length > (int?)option["max_length"] || length < (int?)option["min_length"])
            throw new ControlError(400, $"The option \"{name}\" takes {option["min_length"] ?? 0} to {option["max_length"] ?? 6000} characters.");
        var number = converted.GetValueKind() == JsonValueKind.Number ? Number(converted) : null;
        if (number < Number(option["min_value"]) || number > Number(option["max_value"]))
            throw new ControlError(400, $"The option \"{name}\" takes {option["min_value"]} to {option["max_value"]}.");
        if (option["choices"] is JsonArray { Count: > 0 } choices && choices.All(choice => !JsonNode.DeepEquals(choice!["value"], converted)))
            throw new ControlError(400, $"The option \"{name}\" is one of {string.Join(", ", choices.Select(choice => choice!["value"]))}.");
        return converted;
    }

    private static double? Number(JsonNode? node) => node is null ? null : double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture);

    private JsonNode Resolve(User user)
    {
        _users[user.Id] = user.ToJson();
        if (guild is not null && guild.Members.TryGetValue(user.Id, out var member))
            _members[user.Id] = guild.MemberToJson(member, withUser: false);
        return user.Id;
    }

    private JsonNode Resolve(Channel channel)
    {
        _channels[channel.Id] = channel.ToJson();
        return channel.Id;
    }
}
