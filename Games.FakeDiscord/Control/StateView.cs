using System.Text.Json.Nodes;
using Games.FakeDiscord.Gateway;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Control;

/// <summary>What the page draws around the messages.</summary>
internal static class StateView
{
    public static JsonObject Of(World world, GatewaySessions gateway) => new()
    {
        ["botId"] = World.BotId,
        ["connected"] = gateway.Sessions.Any(session => session.Connection is not null),
        ["users"] = Json.Array(world.Users.Values.Select(user => user.ToJson())),
        ["guilds"] = Json.Array(world.Guilds.Values.Select(guild => new JsonObject
        {
            ["id"] = guild.Id,
            ["name"] = guild.Name,
            ["ownerId"] = guild.OwnerId,
            ["channels"] = Json.Array(guild.Channels.Select(channel => new JsonObject
            {
                ["id"] = channel.Id,
                ["name"] = channel.Name,
                ["overwrites"] = Json.Array(channel.Overwrites.Select(overwrite => new JsonObject
                {
                    ["id"] = overwrite.Id,
                    ["allow"] = $"{overwrite.Allow}",
                    ["deny"] = $"{overwrite.Deny}",
                })),
            })),
            ["members"] = Json.Array(guild.Members.Values.Select(member => new JsonObject
            {
                ["id"] = member.User.Id,
                ["name"] = member.User.Name,
                ["permissions"] = $"{Permissions.Of(guild, member)}",
            })),
            ["commands"] = Json.Array(guild.Commands.Concat(world.Commands).Select(command => command.DeepClone())),
        })),
        ["dms"] = Json.Array(world.Channels.Values.Where(channel => channel.Recipient is not null).Select(channel => new JsonObject
        {
            ["id"] = channel.Id,
            ["userId"] = channel.Recipient!.Id,
            ["messages"] = channel.Messages.Count,
        })),
    };
}
