using System.Globalization;
using System.Text.Json.Nodes;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Rest;

/// <summary>Channels and the messages in them.</summary>
internal sealed class ChannelRoutes(World world, Messages messages, SettingsHolder settings, Faults.ActiveFaults faults)
{
    private static readonly RateLimit Create = new("create message", 5, 5);
    private static readonly RateLimit EditYoung = new("edit message", 5, 5);
    private static readonly RateLimit EditOld = new("edit old message", 3, 6, Code: 30046);
    private static readonly RateLimit DeleteYoung = new("delete young message", 5, 1);
    private static readonly RateLimit Delete = new("delete message", 3, 0.33);
    private static readonly RateLimit DeleteOld = new("delete old message", 30, 4);

    public IEnumerable<Operation> All =>
    [
        new("GET", "/channels/{channelId}", Operation.Unpublished, GetChannel),
        new("POST", "/users/@me/channels", Operation.Unpublished, OpenDmAsync),
        new("GET", "/channels/{channelId}/messages", Operation.Unpublished, List),
        new("POST", "/channels/{channelId}/messages", _ => Create, PostAsync),
        new("GET", "/channels/{channelId}/messages/{messageId}", Operation.Unpublished, Get),
        new("PATCH", "/channels/{channelId}/messages/{messageId}", LimitOfEdit, EditAsync),
        new("DELETE", "/channels/{channelId}/messages/{messageId}", LimitOfDelete, Remove),
    ];

    private Task<Answer> GetChannel(HttpContext context)
    {
        lock (world.Gate)
            return Task.FromResult(Answer.Ok(FindChannel(context).ToJson()));
    }

    private async Task<Answer> OpenDmAsync(HttpContext context)
    {
        var body = await RequestBody.ReadFormAsync(context);
        body.Require("recipient_id");
        var id = body.Snowflake("recipient_id");
        body.Errors.ThrowIfAny();
        lock (world.Gate)
        {
            if (!world.Users.TryGetValue(id!, out var user) || user.IsBot)
                throw DiscordError.UnknownUser;
            return Answer.Ok(world.DmWith(user).ToJson());
        }
    }

    private Task<Answer> List(HttpContext context)
    {
        lock (world.Gate)
        {
            var channel = FindChannel(context);
            var query = context.Request.Query;
            var form = new Form(new(query.Select(x => KeyValuePair.Create(x.Key, (JsonNode?)x.Value.ToString()))), new());
            var limit = (int)(form.Integer("limit", 1, 100) ?? 50);
            var before = form.Snowflake("before");
            var after = form.Snowflake("after");
            var around = form.Snowflake("around");
            form.Errors.ThrowIfAny();

            var all = channel.Messages.Where(message => message.EphemeralFor is null);
            if ((world.PermissionsOf(world.Bot, channel) & Permissions.ReadMessageHistory) == 0)
                all = [];
            if (around is not null)
                all = all.OrderBy(message => Distance(message, around)).Take(limit).OrderBy(message => Json.Number(message.Id));
            else if (after is not null)
                all = all.Where(message => Json.Number(message.Id) > Json.Number(after)).Take(limit);
            else if (before is not null)
                all = all.Where(message => Json.Number(message.Id) < Json.Number(before));
            return Task.FromResult(Answer.Ok(Json.Array(all.TakeLast(limit).Reverse().Select(Render))));
        }
    }

    private async Task<Answer> PostAsync(HttpContext context)
    {
        var body = await RequestBody.ReadFormAsync(context);
        lock (world.Gate)
        {
            var channel = FindChannel(context);
            RequirePermission(channel, Permissions.SendMessages);
            if (channel.Recipient is { AcceptsDms: false })
                throw DiscordError.CannotSendToUser;
            var draft = MessageDraft.Read(body);
            if (draft.EnforceNonce && FirstWith(draft.Nonce) is { } first)
                return Answer.Ok(first.ToJson());

            // Without EMBED_LINKS a bot's embeds are refused.
            if (draft.Embeds is { Count: > 0 })
                RequirePermission(channel, Permissions.EmbedLinks);
            var message = messages.Post(channel, world.Bot, draft);
            if (draft.Nonce is not null)
                world.Nonces[draft.Nonce.ToString()] = (message.Id, channel.Id, world.Now);
            return Answer.Ok(message.ToJson());
        }
    }

    private Task<Answer> Get(HttpContext context)
    {
        lock (world.Gate)
        {
            var channel = FindChannel(context);
            RequirePermission(channel, Permissions.ReadMessageHistory);
            return Task.FromResult(Answer.Ok(Render(FindMessage(context, channel))));
        }
    }

    private async Task<Answer> EditAsync(HttpContext context)
    {
        var body = await RequestBody.ReadFormAsync(context);
        lock (world.Gate)
        {
            var message = FindMessage(context, FindChannel(context));
            if (message.Author != world.Bot)
                throw DiscordError.NotYours;
            messages.Edit(message, MessageDraft.Read(body));
            // Whoever has clicked it, and was told nothing but that it was heard, sees this.
            foreach (var interaction in world.Interactions.Values.Where(interaction => interaction.Message == message && interaction.AnswerType == 6))
                interaction.Show("updated", message);
            return Answer.Ok(message.ToJson());
        }
    }

    private Task<Answer> Remove(HttpContext context)
    {
        lock (world.Gate)
        {
            var channel = FindChannel(context);
            var message = FindMessage(context, channel);
            if (message.Author != world.Bot)
                RequirePermission(channel, Permissions.ManageMessages);
            messages.Delete(message);
            return Task.FromResult(Answer.Nothing);
        }
    }

    private Channel FindChannel(HttpContext context)
    {
        if (!world.Channels.TryGetValue(RequestBody.Snowflake(context, "channelId"), out var channel))
            throw DiscordError.UnknownChannel;
        return (world.PermissionsOf(world.Bot, channel) & Permissions.ViewChannel) != 0 ? channel : throw DiscordError.MissingAccess;
    }

    private Message FindMessage(HttpContext context, Channel channel) =>
        world.Messages.GetValueOrDefault(RequestBody.Snowflake(context, "messageId")) is { EphemeralFor: null } message && message.Channel == channel
            ? message
            : throw DiscordError.UnknownMessage;

    private void RequirePermission(Channel channel, ulong permission)
    {
        if ((world.PermissionsOf(world.Bot, channel) & permission) == 0)
            throw DiscordError.MissingPermissions;
    }

    /// <summary>The message that the nonce has posted. Was it deleted since, it is unknown: Discord posts none in its place.</summary>
    private Message? FirstWith(JsonNode? nonce)
    {
        if (nonce is null || !world.Nonces.TryGetValue(nonce.ToString(), out var posted))
            return null;
        if (world.Now - posted.At > TimeSpan.FromMilliseconds(settings.Current.NonceLifetimeMs))
            return null;
        return world.Messages.GetValueOrDefault(posted.MessageId) ?? throw DiscordError.UnknownMessage;
    }

    private JsonObject Render(Message message)
    {
        var hides = (faults.DisallowedIntents() & Gateway.Intents.MessageContent) != 0 && Gateway.Intents.HidesContentOf(message);
        return hides ? Gateway.Intents.WithoutContent(message.ToJson()) : message.ToJson();
    }

    private RateLimit LimitOfEdit(HttpContext context) => AgeOf(context) > TimeSpan.FromHours(1) ? EditOld : EditYoung;

    private RateLimit LimitOfDelete(HttpContext context) => AgeOf(context) switch
    {
        var age when age > TimeSpan.FromDays(14) => DeleteOld,
        var age when age > TimeSpan.FromSeconds(10) => Delete,
        _ => DeleteYoung,
    };

    private TimeSpan AgeOf(HttpContext context)
    {
        var id = RequestBody.Snowflake(context, "messageId");
        lock (world.Gate)
            return world.Messages.ContainsKey(id) ? world.Now - World.CreatedAt(id) : TimeSpan.Zero;
    }

    private static decimal Distance(Message message, string id) =>
        Math.Abs((decimal)Json.Number(message.Id) - decimal.Parse(id, CultureInfo.InvariantCulture));
}
