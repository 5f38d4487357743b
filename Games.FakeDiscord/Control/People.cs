using System.Text.Json.Nodes;
using Games.FakeDiscord.Gateway;
using Games.FakeDiscord.Rest;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Control;

/// <summary>What people do in Discord's client. Whoever calls it holds the world's gate, but for the waiting.</summary>
internal sealed class People(World world, Messages messages, GatewaySessions gateway, TimeProvider time)
{
    private const int KeptInteractions = 1000;
    private const int TextInput = 4;
    private const int StringSelect = 3;
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan WaitForChange = TimeSpan.FromSeconds(3);

    public Message Write(WriteMessage request)
    {
        var user = FindUser(request.UserId);
        var channel = request.ChannelId is null ? world.DmWith(user) : FindChannel(request.ChannelId);
        Require(user, channel, Permissions.SendMessages);
        var body = new JsonObject { ["content"] = request.Content, ["embeds"] = request.Embeds?.DeepClone() };
        if (request.ReplyTo is not null)
            body["message_reference"] = new JsonObject { ["message_id"] = request.ReplyTo };
        return messages.Post(channel, user, MessageDraft.Read(new(body, new())));
    }

    public Message Edit(string messageId, EditMessage request)
    {
        var message = FindMessage(messageId);
        if (message.Author.Id != request.UserId)
            throw new ControlError(403, "Only its author edits a message.");
        messages.Edit(message, MessageDraft.Read(new(new() { ["content"] = request.Content }, new())));
        return message;
    }

    public void Delete(string messageId) => messages.Delete(FindMessage(messageId));

    public Interaction Click(Click request)
    {
        var user = FindUser(request.UserId);
        var message = FindMessage(request.MessageId);
        Require(user, message.Channel, Permissions.ViewChannel);
        if (message.EphemeralFor is not null && message.EphemeralFor != user.Id)
            throw new ControlError(403, $"Only {message.EphemeralFor} sees this message.");

        var component = message.Components.SelectMany(row => row!["components"] as JsonArray ?? []).OfType<JsonObject>()
            .FirstOrDefault(x => request.CustomId is null ? (string?)x["label"] == request.Label : (string?)x["custom_id"] == request.CustomId)
            ?? throw ControlError.NotThere("component", request.CustomId ?? request.Label);
        if (component["disabled"]?.GetValue<bool>() == true)
            throw new ControlError(409, "It is off.");
        if (component["custom_id"] is null)
            throw new ControlError(400, $"It is a link: {component["url"]}.");

        var data = new JsonObject
        {
            ["component_type"] = (int)component["type"]!,
            ["custom_id"] = (string)component["custom_id"]!,
            ["id"] = (int)component["id"]!,
        };
        if ((int)component["type"]! >= StringSelect)
            data["values"] = Json.Array((request.Values ?? []).Select(value => (JsonNode)value));
        return Send(Interaction.Component, message.Channel, user, data, message);
    }

    public Interaction Command(RunCommand request)
    {
        var user = FindUser(request.UserId);
        var channel = request.ChannelId is null ? world.DmWith(user) : FindChannel(request.ChannelId);
        var guild = world.GuildOf(channel);
        if (request.GuildId is not null && request.GuildId != guild?.Id)
            throw new ControlError(400, $"The channel {channel.Id} is not in the guild {request.GuildId}.");
        Require(user, channel, Permissions.ViewChannel);

        var words = (request.Name ?? "").TrimStart('/').Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var command = (guild?.Commands ?? []).Concat(world.Commands).FirstOrDefault(x => words.Length > 0 && (string?)x["name"] == words[0])
            ?? throw ControlError.NotThere("command", request.Name);
        var needed = command["default_member_permissions"] is { } permissions
            ? ulong.Parse(permissions.ToString(), System.Globalization.CultureInfo.InvariantCulture)
            : Permissions.UseApplicationCommands;
        if (guild is not null && (world.PermissionsOf(user, channel) & needed) != needed)
            throw new ControlError(403, $"{user.Name} does not see the command /{words[0]}.");
        return Send(Interaction.Command, channel, user, new CommandOptions(world, guild).DataOf(command, words.AsSpan(1), request.Options));
    }

    public Interaction Submit(SubmitModal request)
    {
        var opener = world.Interactions.Values.FirstOrDefault(x => x.Id == request.InteractionId && x.Modal is not null)
            ?? throw ControlError.NotThere("modal of the interaction", request.InteractionId);
        var values = request.Values ?? [];
        var components = new JsonArray();
        foreach (var outer in opener.Modal!["components"]!.AsArray().OfType<JsonObject>())
        {
            var copy = new JsonObject { ["type"] = (int)outer["type"]!, ["id"] = (int)outer["id"]! };
            if (outer["component"] is JsonObject labelled)
                copy["component"] = Filled(labelled, values);
            else
                copy["components"] = Json.Array(outer["components"]!.AsArray().OfType<JsonObject>().Select(input => Filled(input, values)));
            components.Add((JsonNode)copy);
        }

        var data = new JsonObject { ["custom_id"] = (string)opener.Modal["custom_id"]!, ["components"] = components };
        return Send(Interaction.ModalSubmit, opener.Channel, opener.User, data, opener.Message, opener);
    }

    /// <summary>What the user sees, once it is there; a failure, as Discord shows it, after 3 s without an answer.</summary>
    public async Task<Seen> SeenAsync(Interaction interaction, int? waitMilliseconds, CancellationToken ct)
    {
        var wait = waitMilliseconds is { } ms ? TimeSpan.FromMilliseconds(ms) : DefaultWait;
        var seen = await SeenOrNullAsync(interaction, wait, ct) ?? NotSeen(interaction);
        return seen with { Milliseconds = Math.Round((time.GetUtcNow() - interaction.CreatedAt).TotalMilliseconds, 1) };
    }

    private async Task<Seen?> SeenOrNullAsync(Interaction interaction, TimeSpan wait, CancellationToken ct)
    {
        try
        {
            await interaction.Acknowledged.WaitAsync(Interaction.FirstAnswer, time, ct);
            // Heard, and maybe nothing will change.
            if (interaction.AnswerType == 6 && wait > WaitForChange)
                wait = WaitForChange;
            return await interaction.Seen.WaitAsync(wait, time, ct);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static Seen NotSeen(Interaction interaction) => interaction.AnswerType switch
    {
        null when interaction.Type == Interaction.Command => new("failed", interaction.Id, "The application did not respond"),
        null => new("failed", interaction.Id, "This interaction failed"),
        6 => new("acknowledged", interaction.Id),
        _ => new("thinking", interaction.Id),
    };

    private static JsonObject Filled(JsonObject input, Dictionary<string, string> values)
    {
        var customId = (string)input["custom_id"]!;
        var value = values.GetValueOrDefault(customId) ?? (string?)input["value"] ?? "";
        var length = value.EnumerateRunes().Count();
        var isRequired = input["required"]?.GetValue<bool>() ?? true;
        if (length == 0 && isRequired)
            throw new ControlError(400, $"\"{customId}\" is required.");
        if (length > ((int?)input["max_length"] ?? 4000) || (length > 0 && length < (int?)input["min_length"]))
            throw new ControlError(400, $"\"{customId}\" takes {input["min_length"] ?? 0} to {input["max_length"] ?? 4000} characters.");

        var filled = new JsonObject { ["type"] = (int)input["type"]!, ["id"] = (int)input["id"]!, ["custom_id"] = customId };
        if ((int)input["type"]! == TextInput)
            filled["value"] = value;
        else
            filled["values"] = value.Length == 0 ? [] : new JsonArray(value);
        return filled;
    }

    private Interaction Send(int type, Channel channel, User user, JsonObject data, Message? message = null, Interaction? openedBy = null)
    {
        var interaction = new Interaction(world.NewId(), $"fake-{Guid.NewGuid():N}", type, channel, user, world.Now)
        {
            Message = message,
            OpenedBy = openedBy,
        };
        if (world.Interactions.Count > KeptInteractions)
        {
            foreach (var old in world.Interactions.Values.Where(x => world.Now - x.CreatedAt > Interaction.TokenLifetime * 2).ToList())
                world.Interactions.Remove(old.Token);
        }

        world.Interactions[interaction.Token] = interaction;
        var json = new JsonObject
        {
            ["id"] = interaction.Id,
            ["application_id"] = World.BotId,
            ["type"] = type,
            ["token"] = interaction.Token,
            ["version"] = 1,
            ["channel_id"] = channel.Id,
            ["channel"] = channel.ToJson(),
            ["data"] = data,
            ["app_permissions"] = $"{world.PermissionsOf(world.Bot, channel)}",
            ["locale"] = "en-US",
            ["entitlements"] = new JsonArray(),
            ["authorizing_integration_owners"] = interaction.OwnersToJson(),
            ["context"] = channel.GuildId is null ? 1 : 0,
            ["attachment_size_limit"] = 10_485_760,
        };
        if (message is not null)
            json["message"] = message.ToJson();
        if (world.GuildOf(channel) is { } guild)
        {
            json["guild_id"] = guild.Id;
            json["guild_locale"] = "en-US";
            json["guild"] = new JsonObject { ["id"] = guild.Id, ["locale"] = "en-US", ["features"] = new JsonArray() };
            json["member"] = guild.MemberToJson(guild.Members[user.Id]);
            json["member"]!["permissions"] = $"{world.PermissionsOf(user, channel)}";
        }
        else
        {
            json["user"] = user.ToJson();
        }

        gateway.Dispatch("INTERACTION_CREATE", channel.GuildId, json);
        return interaction;
    }

    private void Require(User user, Channel channel, ulong permission)
    {
        if ((world.PermissionsOf(user, channel) & permission) == 0)
            throw new ControlError(403, $"{user.Name} may not do that in the channel {channel.Id}.");
    }

    private User FindUser(string? id) => id is not null && world.Users.TryGetValue(id, out var user) ? user : throw ControlError.NotThere("user", id);

    private Channel FindChannel(string id) => world.Channels.GetValueOrDefault(id) ?? throw ControlError.NotThere("channel", id);

    private Message FindMessage(string? id) =>
        id is not null && world.Messages.TryGetValue(id, out var message) ? message : throw ControlError.NotThere("message", id);
}
