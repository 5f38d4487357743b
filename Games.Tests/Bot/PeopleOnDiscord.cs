using System.Text.Json.Nodes;
using Games.Tests.FakeDiscord;

namespace Games.Tests.Bot;

/// <summary>What people do in the stand-in's client, each with what they see then.</summary>
internal static class PeopleOnDiscord
{
    /// <summary>View, write, read, and use commands; the stand-in's members may do this.</summary>
    public const ulong Member = 1UL << 10 | 1UL << 11 | 1UL << 14 | 1UL << 16 | 1UL << 31;
    public const ulong ManageEvents = 1UL << 33;

    public static Task<JsonObject> ClickAsync(this StandIn discord, JsonObject message, string user, string label) => discord.FakeAsync(
        "POST", "clicks",
        new JsonObject { ["messageId"] = (string?)message["id"], ["userId"] = user, ["label"] = label }.ToJsonString());

    public static Task<JsonObject> CommandAsync(this StandIn discord, string user, string name, JsonObject? options = null, bool isDirect = false) =>
        discord.FakeAsync("POST", "commands", new JsonObject
        {
            ["guildId"] = isDirect ? null : StandIn.Guild,
            ["channelId"] = isDirect ? null : StandIn.Channel,
            ["userId"] = user,
            ["name"] = name,
            ["options"] = options?.DeepClone(),
        }.ToJsonString());

    /// <summary>Fills in the form that the command has opened.</summary>
    public static Task<JsonObject> SubmitAsync(this StandIn discord, JsonObject form, params (string Field, string Value)[] values) =>
        discord.FakeAsync("POST", "modals", new JsonObject
        {
            ["interactionId"] = (string?)form["interactionId"],
            ["values"] = new JsonObject(values.Select(x => KeyValuePair.Create(x.Field, (JsonNode?)x.Value))),
        }.ToJsonString());

    /// <summary>The id of what was written in the first channel.</summary>
    public static async Task<string> WriteAsync(this StandIn discord, string text)
    {
        var message = new JsonObject { ["channelId"] = StandIn.Channel, ["userId"] = StandIn.Ben, ["content"] = text };
        return (string)(await discord.FakeAsync("POST", "messages", message.ToJsonString()))["id"]!;
    }

    public static Task AddMemberAsync(this StandIn discord, string user, ulong permissions = Member) => discord.FakeAsync(
        "PUT", $"guilds/{StandIn.Guild}/members/{user}",
        new JsonObject { ["name"] = $"user {user}", ["permissions"] = $"{permissions}" }.ToJsonString());

    public static Task AddChannelAsync(this StandIn discord, string channel) =>
        discord.FakeAsync("PUT", $"guilds/{StandIn.Guild}/channels/{channel}", "{}");

    /// <summary>The requests of the bot, oldest first; of every method where that is null.</summary>
    public static async Task<(DateTimeOffset At, int Status)[]> RequestsAsync(this StandIn discord, string? method, string path)
    {
        var filter = $"path={Uri.EscapeDataString(path)}{(method is null ? "" : $"&method={method}")}";
        var requests = (await discord.FakeAsync("GET", $"requests?{filter}"))["list"]!.AsArray();
        return [.. requests.Select(x => (x!["at"]!.GetValue<DateTimeOffset>(), (int)x["status"]!))];
    }
}
