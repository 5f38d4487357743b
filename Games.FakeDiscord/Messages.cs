using System.Text.Json.Nodes;
using Games.FakeDiscord.Gateway;
using Games.FakeDiscord.Rest;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord;

/// <summary>Posts, edits and deletes, for bot and people, and tells the gateway and the page of it. Its callers hold the world's gate.</summary>
internal sealed class Messages(World world, GatewaySessions gateway, PageFeed feed)
{
    private const int CommandAnswer = 20;
    private const int Reply = 19;
    private const int KeptFlags = Message.SuppressEmbeds | Message.Silent;

    public Message Post(Channel channel, User author, MessageDraft draft, Interaction? interaction = null, bool isLoading = false)
    {
        var isEphemeral = interaction?.IsEphemeral == true || (interaction is not null && draft.IsEphemeral);
        var message = new Message(world.NewId(), channel, author, world.Now)
        {
            Type = draft.ReplyTo is not null ? Reply : interaction is { Type: Interaction.Command, Original: null } ? CommandAnswer : 0,
            Tts = draft.Tts,
            Nonce = draft.Nonce,
            ReplyTo = draft.ReplyTo,
            EphemeralFor = isEphemeral ? interaction!.User.Id : null,
            Interaction = interaction,
            Flags = ((draft.Flags ?? 0) & KeptFlags) | (isEphemeral ? Message.Ephemeral : 0) | (isLoading ? Message.Loading : 0),
        };
        draft.ApplyTo(message, world);
        if (message.IsEmpty && !isLoading)
            throw DiscordError.EmptyMessage;

        world.Remember(message);
        Tell("MESSAGE_CREATE", message);
        return message;
    }

    public void Edit(Message message, MessageDraft draft)
    {
        // Only what says something is checked before it is done: a refused edit changes nothing.
        var isEmpty = (draft.Content ?? message.Content).Length == 0
            && (draft.Embeds ?? message.Embeds).Count == 0 && (draft.Components ?? message.Components).Count == 0;
        if (isEmpty)
            throw DiscordError.EmptyMessage;

        draft.ApplyTo(message, world);
        message.Flags = (message.Flags & ~Message.Loading & ~Message.SuppressEmbeds) | ((draft.Flags ?? message.Flags) & Message.SuppressEmbeds);
        message.EditedTimestamp = world.Now;
        Tell("MESSAGE_UPDATE", message);
    }

    public void Delete(Message message)
    {
        world.Forget(message);
        var data = new JsonObject { ["id"] = message.Id, ["channel_id"] = message.Channel.Id };
        if (message.Channel.GuildId is { } guildId && message.EphemeralFor is null)
            data["guild_id"] = guildId;
        gateway.Dispatch("MESSAGE_DELETE", message.Channel, data, Intents.OfMessagesIn(message));
        feed.Changed(message.Channel.Id);
    }

    private void Tell(string type, Message message)
    {
        var data = message.ToJson();
        // An ephemeral message belongs to its user, not to the guild.
        if (message.EphemeralFor is null && world.GuildOf(message.Channel) is { } guild)
        {
            data["guild_id"] = guild.Id;
            if (message.Interaction is null && guild.Members.TryGetValue(message.Author.Id, out var member))
                data["member"] = guild.MemberToJson(member, withUser: false);
        }

        data["channel_type"] = message.Channel.Type;
        gateway.Dispatch(type, message.Channel, data, Intents.OfMessagesIn(message), Intents.HidesContentOf(message) ? Intents.WithoutContent : null);
        feed.Changed(message.Channel.Id);
    }
}
