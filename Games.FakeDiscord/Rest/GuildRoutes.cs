using System.Text.Json.Nodes;
using Games.FakeDiscord.Gateway;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Rest;

/// <summary>Who the bot is, where it is, and where its gateway is.</summary>
internal sealed class GuildRoutes(World world, GatewaySessions gateway, SettingsHolder settings)
{
    public IEnumerable<Operation> All =>
    [
        new("GET", "/users/@me", Operation.Unpublished, _ => Locked(() => Answer.Ok(world.Bot.ToJson()))),
        new("GET", "/users/@me/guilds", Operation.Unpublished, _ => Locked(ListGuilds)),
        new("GET", "/users/{userId}", Operation.Unpublished, context => Locked(() => GetUser(context))),
        new("GET", "/applications/@me", Operation.Unpublished, _ => Locked(GetApplication)),
        new("GET", "/oauth2/applications/@me", Operation.Unpublished, _ => Locked(GetApplication)),
        new("GET", "/gateway", Operation.Unpublished, context => Locked(() => Answer.Ok(GatewayUrl(context))), OfInteraction: true),
        new("GET", "/gateway/bot", Operation.Unpublished, context => Locked(() => GetGatewayForBot(context))),
        new("GET", "/guilds/{guildId}", Operation.Unpublished, context => Locked(() => Answer.Ok(FindGuild(context).ToJson()))),
        new("GET", "/guilds/{guildId}/channels", Operation.Unpublished, context => Locked(() =>
            Answer.Ok(Json.Array(FindGuild(context).Channels.Select(channel => channel.ToJson()))))),
        new("GET", "/guilds/{guildId}/roles", Operation.Unpublished, context => Locked(() => Answer.Ok(FindGuild(context).RolesToJson()))),
        new("GET", "/guilds/{guildId}/members/{userId}", Operation.Unpublished, context => Locked(() => GetMember(context))),
    ];

    public static string UrlOf(HttpRequest request) => $"{(request.IsHttps ? "wss" : "ws")}://{request.Host}{GatewayServer.Path}";

    private Task<Answer> Locked(Func<Answer> answer)
    {
        lock (world.Gate)
            return Task.FromResult(answer());
    }

    private Answer ListGuilds() => Answer.Ok(Json.Array(world.Guilds.Values.Where(guild => guild.Members.ContainsKey(World.BotId))
        .Select(guild => new JsonObject
        {
            ["id"] = guild.Id,
            ["name"] = guild.Name,
            ["icon"] = null,
            ["owner"] = false,
            ["permissions"] = $"{Permissions.Of(guild, guild.Members[World.BotId])}",
            ["features"] = new JsonArray(),
        })));

    private Answer GetUser(HttpContext context) =>
        Answer.Ok((world.Users.GetValueOrDefault(RequestBody.Snowflake(context, "userId")) ?? throw DiscordError.UnknownUser).ToJson());

    private Answer GetApplication() => Answer.Ok(new JsonObject
    {
        ["id"] = World.BotId,
        ["name"] = world.Bot.Name,
        ["icon"] = null,
        ["description"] = "",
        ["bot_public"] = true,
        ["bot_require_code_grant"] = false,
        ["verify_key"] = new string('0', 64),
        ["flags"] = 0,
        ["bot"] = world.Bot.ToJson(),
    });

    private static JsonObject GatewayUrl(HttpContext context) => new() { ["url"] = UrlOf(context.Request) };

    private Answer GetGatewayForBot(HttpContext context)
    {
        var json = GatewayUrl(context);
        json["shards"] = settings.Current.Shards;
        json["session_start_limit"] = new JsonObject
        {
            ["total"] = Math.Max(1000, settings.Current.IdentifiesLeft),
            ["remaining"] = Math.Max(0, gateway.IdentifiesLeft),
            ["reset_after"] = 14_400_000,
            ["max_concurrency"] = settings.Current.MaxConcurrency,
        };
        return Answer.Ok(json);
    }

    private Answer GetMember(HttpContext context)
    {
        var guild = FindGuild(context);
        return guild.Members.TryGetValue(RequestBody.Snowflake(context, "userId"), out var member)
            ? Answer.Ok(guild.MemberToJson(member))
            : throw DiscordError.UnknownMember;
    }

    /// <summary>A guild that the bot is not in: Missing Access, as for one that it cannot see.</summary>
    private Guild FindGuild(HttpContext context)
    {
        if (!world.Guilds.TryGetValue(RequestBody.Snowflake(context, "guildId"), out var guild))
            throw DiscordError.UnknownGuild;
        return guild.Members.ContainsKey(World.BotId) ? guild : throw DiscordError.MissingAccess;
    }
}
