using System.Text.Json.Nodes;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Rest;

/// <summary>Application commands, of all guilds and of one: read, and replaced as a whole.</summary>
internal sealed class CommandRoutes(World world, PageFeed feed)
{
    public IEnumerable<Operation> All =>
    [
        new("GET", "/applications/{applicationId}/commands", Operation.Unpublished, List),
        new("PUT", "/applications/{applicationId}/commands", Operation.Unpublished, ReplaceAsync),
        new("GET", "/applications/{applicationId}/guilds/{guildId}/commands", Operation.Unpublished, List),
        new("PUT", "/applications/{applicationId}/guilds/{guildId}/commands", Operation.Unpublished, ReplaceAsync),
    ];

    private Task<Answer> List(HttpContext context)
    {
        lock (world.Gate)
            return Task.FromResult(Answer.Ok(Json.Array(Find(context).Commands.Select(command => command.DeepClone()))));
    }

    private async Task<Answer> ReplaceAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context);
        if (body is not JsonArray list)
            throw DiscordError.InvalidForm("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
        lock (world.Gate)
        {
            var (commands, guildId) = Find(context);
            var added = CommandRules.Read(list);
            foreach (var command in added)
            {
                // The same name keeps its id; its version tells that it was changed.
                var old = commands.Find(known => CommandRules.KeyOf(known) == CommandRules.KeyOf(command));
                command["id"] = (string?)old?["id"] ?? world.NewId();
                command["application_id"] = World.BotId;
                command["version"] = world.NewId();
                if (guildId is not null)
                    command["guild_id"] = guildId;
            }

            commands.Clear();
            commands.AddRange(added);
            feed.Changed();
            return Answer.Ok(Json.Array(commands.Select(command => command.DeepClone())));
        }
    }

    private (List<JsonObject> Commands, string? GuildId) Find(HttpContext context)
    {
        if (RequestBody.Snowflake(context, "applicationId") != World.BotId)
            throw DiscordError.NotThisApplication;
        if (!context.Request.RouteValues.ContainsKey("guildId"))
            return (world.Commands, null);
        var id = RequestBody.Snowflake(context, "guildId");
        // Of a guild that the bot is not in, Discord says the same as of none.
        return world.Guilds.TryGetValue(id, out var guild) && guild.Members.ContainsKey(World.BotId)
            ? (guild.Commands, id)
            : throw DiscordError.MissingAccess;
    }
}
