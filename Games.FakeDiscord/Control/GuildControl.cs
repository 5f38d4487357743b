using System.Text.Json.Nodes;
using Games.FakeDiscord.Gateway;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Control;

/// <summary>Makes and changes guilds, their channels and members, and tells the bot of it.</summary>
internal sealed class GuildControl(World world, GatewaySessions gateway, PageFeed feed)
{
    public JsonObject PutGuild(string guildId, PutGuild request)
    {
        RequireId(guildId);
        lock (world.Gate)
        {
            var isNew = !world.Guilds.TryGetValue(guildId, out var guild);
            guild ??= world.AddGuild(guildId, $"Guild {guildId}", "300000000000000001");
            guild.Name = request.Name ?? guild.Name;
            guild.OwnerId = request.OwnerId ?? guild.OwnerId;
            if (isNew)
                gateway.DispatchGuild(guild);
            else
                gateway.Dispatch("GUILD_UPDATE", guild.Id, guild.ToJson(), Intents.Guilds);
            feed.Changed();
            return guild.ToJson();
        }
    }

    public IResult DeleteGuild(string guildId)
    {
        lock (world.Gate)
        {
            var guild = Find(guildId);
            world.Guilds.Remove(guildId);
            foreach (var channel in guild.Channels)
                Forget(channel);
            gateway.Dispatch("GUILD_DELETE", guildId, new() { ["id"] = guildId }, Intents.Guilds);
            feed.Changed();
            return TypedResults.NoContent();
        }
    }

    public JsonObject PutChannel(string guildId, string channelId, PutChannel request)
    {
        RequireId(channelId);
        lock (world.Gate)
        {
            var guild = Find(guildId);
            var isNew = !world.Channels.TryGetValue(channelId, out var channel);
            if (!isNew && channel!.GuildId != guildId)
                throw new ControlError(409, $"The channel {channelId} is elsewhere.");
            channel ??= world.AddChannel(guild, channelId, $"channel-{channelId}");
            channel.Name = request.Name ?? channel.Name;
            if (request.Overwrites is not null)
            {
                channel.Overwrites.Clear();
                channel.Overwrites.AddRange(request.Overwrites.Select(x =>
                    new Overwrite(x.Id, x.Id != guildId, ControlApi.PermissionsOf(x.Allow, 0), ControlApi.PermissionsOf(x.Deny, 0))));
            }

            gateway.Dispatch(isNew ? "CHANNEL_CREATE" : "CHANNEL_UPDATE", guildId, channel.ToJson(), Intents.Guilds);
            feed.Changed();
            return channel.ToJson();
        }
    }

    public IResult DeleteChannel(string guildId, string channelId)
    {
        lock (world.Gate)
        {
            var guild = Find(guildId);
            var channel = guild.Channels.Find(x => x.Id == channelId) ?? throw ControlError.NotThere("channel", channelId);
            guild.Channels.Remove(channel);
            Forget(channel);
            gateway.Dispatch("CHANNEL_DELETE", guildId, channel.ToJson(), Intents.Guilds);
            feed.Changed();
            return TypedResults.NoContent();
        }
    }

    public JsonObject PutMember(string guildId, string userId, PutMember request)
    {
        RequireId(userId);
        lock (world.Gate)
        {
            var guild = Find(guildId);
            var isNew = !guild.Members.TryGetValue(userId, out var member);
            member ??= world.AddMember(guild, userId, request.Name ?? $"user {userId}");
            member.User.Name = request.Name ?? member.User.Name;
            member.User.AcceptsDms = request.AcceptsDms ?? member.User.AcceptsDms;
            member.Permissions = ControlApi.PermissionsOf(request.Permissions, member.Permissions);
            member.IsTimedOut = request.TimedOut ?? member.IsTimedOut;

            var json = guild.MemberToJson(member);
            json["guild_id"] = guildId;
            if (isNew && userId == World.BotId)
                gateway.DispatchGuild(guild);
            else
                gateway.Dispatch(isNew ? "GUILD_MEMBER_ADD" : "GUILD_MEMBER_UPDATE", guildId, json, Intents.GuildMembers);
            feed.Changed();
            return json;
        }
    }

    public IResult DeleteMember(string guildId, string userId)
    {
        lock (world.Gate)
        {
            var guild = Find(guildId);
            if (!guild.Members.Remove(userId, out var member))
                throw ControlError.NotThere("member", userId);
            var left = new JsonObject { ["guild_id"] = guildId, ["user"] = member.User.ToJson() };
            if (userId == World.BotId)
                gateway.Dispatch("GUILD_DELETE", guildId, new() { ["id"] = guildId }, Intents.Guilds);
            else
                gateway.Dispatch("GUILD_MEMBER_REMOVE", guildId, left, Intents.GuildMembers);
            feed.Changed();
            return TypedResults.NoContent();
        }
    }

    private void Forget(Channel channel)
    {
        world.Channels.Remove(channel.Id);
        foreach (var message in channel.Messages)
            world.Messages.Remove(message.Id);
    }

    private Guild Find(string guildId) => world.Guilds.GetValueOrDefault(guildId) ?? throw ControlError.NotThere("guild", guildId);

    private static void RequireId(string id)
    {
        if (!Json.IsSnowflake(id) || id.Length < 17)
            throw new ControlError(400, $"\"{id}\" is no snowflake: 17 to 20 digits.");
    }
}
