using System.Globalization;
using System.Text.Json.Nodes;
using Games.FakeDiscord.Faults;
using Games.FakeDiscord.Gateway;
using Games.FakeDiscord.Rest;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Control;

/// <summary>Our own API below /_fake: what people do, what goes wrong, and what was seen.</summary>
internal static class ControlApi
{
    public static void MapControl(this WebApplication app)
    {
        var fake = app.MapGroup("/_fake").AddEndpointFilter(WordRefusalsAsync);
        MapPeople(fake.MapGroup("").WithTags("People"));
        MapGuilds(fake.MapGroup("").WithTags("Guilds"));
        MapFaults(fake.MapGroup("").WithTags("Faults"));

        fake.MapDelete("/", Reset).WithTags("Faults")
            .WithSummary("Everything as at the start: the first guild, no messages, no faults, no sessions.");
        fake.MapGet("/feed", (PageFeed feed, CancellationToken ct) => TypedResults.ServerSentEvents(feed.FollowAsync(ct))).ExcludeFromDescription();
    }

    private static void MapPeople(RouteGroupBuilder group)
    {
        group.MapPost("/messages", (WriteMessage request, World world, People people) => Locked(world, () => people.Write(request).ToJson()))
            .WithSummary("A user writes a message.");
        group.MapPatch("/messages/{messageId}", (string messageId, EditMessage request, World world, People people) =>
            Locked(world, () => people.Edit(messageId, request).ToJson())).WithSummary("A user edits a message of theirs.");
        group.MapDelete("/messages/{messageId}", (string messageId, World world, People people) =>
        {
            lock (world.Gate)
                people.Delete(messageId);
            return TypedResults.NoContent();
        }).WithSummary("Somebody who may deletes a message by hand.");
        group.MapPost("/clicks", (Click request, World world, People people, CancellationToken ct) =>
            SeenAsync(world, people, () => people.Click(request), request.WaitMilliseconds, ct))
            .WithSummary("A user clicks a button or picks from a select; answers with what the user sees, once it is there.");
        group.MapPost("/commands", (RunCommand request, World world, People people, CancellationToken ct) =>
            SeenAsync(world, people, () => people.Command(request), request.WaitMilliseconds, ct))
            .WithSummary("A user types a slash command; answers with what the user sees, once it is there.");
        group.MapPost("/modals", (SubmitModal request, World world, People people, CancellationToken ct) =>
            SeenAsync(world, people, () => people.Submit(request), request.WaitMilliseconds, ct))
            .WithSummary("Whoever was shown a modal submits it; answers with what the user sees, once it is there.");
        group.MapGet("/channels/{channelId}/messages", (string channelId, string? userId, World world) => Locked(world, () =>
            MessagesIn(world.Channels.GetValueOrDefault(channelId) ?? throw ControlError.NotThere("channel", channelId), userId)))
            .WithSummary("The messages of a channel, oldest first; with a user, also the ephemeral ones that this user sees.");
        group.MapGet("/dms/{userId}", (string userId, World world) => Locked(world, () =>
            MessagesIn(world.DmWith(world.Users.GetValueOrDefault(userId) ?? throw ControlError.NotThere("user", userId)), userId)))
            .WithSummary("The direct messages between the bot and a user, oldest first.");
    }

    private static void MapGuilds(RouteGroupBuilder group)
    {
        group.MapGet("/state", (World world, GatewaySessions gateway) => Locked(world, () => StateView.Of(world, gateway)))
            .WithSummary("All guilds with their channels, members and commands, the DM channels, and whether the bot is connected.");
        group.MapPut("/guilds/{guildId}", (string guildId, PutGuild request, GuildControl guilds) => guilds.PutGuild(guildId, request))
            .WithSummary("Creates a guild, with the bot in it, or changes it.");
        group.MapDelete("/guilds/{guildId}", (string guildId, GuildControl guilds) => guilds.DeleteGuild(guildId))
            .WithSummary("Deletes a guild: the bot gets GUILD_DELETE.");
        group.MapPut("/guilds/{guildId}/channels/{channelId}", (string guildId, string channelId, PutChannel request, GuildControl guilds) =>
            guilds.PutChannel(guildId, channelId, request)).WithSummary("Creates a text channel or changes it.");
        group.MapDelete("/guilds/{guildId}/channels/{channelId}", (string guildId, string channelId, GuildControl guilds) =>
            guilds.DeleteChannel(guildId, channelId)).WithSummary("Deletes a channel and all in it.");
        group.MapPut("/guilds/{guildId}/members/{userId}", (string guildId, string userId, PutMember request, GuildControl guilds) =>
            guilds.PutMember(guildId, userId, request)).WithSummary($"Adds a user to a guild, or changes them; {World.BotId} is the bot.");
        group.MapDelete("/guilds/{guildId}/members/{userId}", (string guildId, string userId, GuildControl guilds) =>
            guilds.DeleteMember(guildId, userId)).WithSummary("A user, or the bot, leaves a guild.");
    }

    private static void MapFaults(RouteGroupBuilder group)
    {
        group.MapPut("/faults", (FaultList request, ActiveFaults faults, World world, GatewaySessions gateway, PageFeed feed) =>
        {
            faults.Replace(request.Faults.Where(fault => !fault.IsImmediate()));
            lock (world.Gate)
            {
                foreach (var fault in request.Faults.Where(fault => fault.IsImmediate()))
                    gateway.Inject(fault);
            }

            feed.Changed();
            return new FaultList(faults.All);
        }).WithSummary("Replaces the faults; an empty list mends everything. Those that happen at once are not kept.");
        group.MapGet("/faults", (ActiveFaults faults) => new FaultList(faults.All))
            .WithSummary("The faults that stand, with the times that are left.");
        group.MapPut("/settings", (Settings request, SettingsHolder settings) => settings.Current = request)
            .WithSummary("Heartbeat interval, shards and the like; what is absent is as at the start.");
        group.MapGet("/settings", (SettingsHolder settings) => settings.Current);
        group.MapGet("/statistics", (Statistics statistics) => statistics.View())
            .WithSummary("What the bot has done: requests by route, 429s, requests before their retry-after, invalid requests, gateway.");
        group.MapGet("/requests", (string? method, string? path, Statistics statistics) => statistics.Requests(method, path))
            .WithSummary("The last 20,000 requests of the bot, oldest first; those of a method, and whose path contains a text.");
        group.MapDelete("/statistics", (Statistics statistics) =>
        {
            statistics.Reset();
            return TypedResults.NoContent();
        }).WithSummary("Counts from zero.");
    }

    private static IResult Reset(
        World world, GatewaySessions gateway, ActiveFaults faults, SettingsHolder settings, Statistics statistics, RateLimits limits, PageFeed feed)
    {
        lock (world.Gate)
        {
            world.Reset();
            gateway.Reset();
            faults.Replace([]);
            settings.Current = new();
            statistics.Reset();
            limits.Reset();
        }

        feed.Changed();
        return TypedResults.NoContent();
    }

    private static async Task<Seen> SeenAsync(World world, People people, Func<Interaction> send, int? waitMilliseconds, CancellationToken ct)
    {
        Interaction interaction;
        lock (world.Gate)
            interaction = send();
        return await people.SeenAsync(interaction, waitMilliseconds, ct);
    }

    private static JsonArray MessagesIn(Channel channel, string? userId) => Json.Array(channel.Messages
        .Where(message => message.EphemeralFor is null || message.EphemeralFor == userId)
        .Select(message => message.ToJson()));

    private static T Locked<T>(World world, Func<T> read)
    {
        lock (world.Gate)
            return read();
    }

    private static async ValueTask<object?> WordRefusalsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (ControlError error)
        {
            return TypedResults.Problem(error.Message, statusCode: error.Status);
        }
        catch (DiscordError error)
        {
            return TypedResults.Problem(error.ToJson().ToJsonString(), statusCode: error.Status);
        }
    }

    public static ulong PermissionsOf(string? text, ulong otherwise) =>
        text is null ? otherwise
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bits) ? bits
        : throw new ControlError(400, $"\"{text}\" is no permissions: a decimal number in a string.");
}
