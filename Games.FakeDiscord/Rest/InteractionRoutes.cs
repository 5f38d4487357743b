using System.Text.Json.Nodes;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Rest;

/// <summary>The first answer to an interaction, and what its token allows for 15 minutes after.</summary>
internal sealed class InteractionRoutes(World world, Messages messages)
{
    private const int NewMessage = 4;
    private const int DeferredMessage = 5;
    private const int DeferredUpdate = 6;
    private const int Update = 7;
    private const int Modal = 9;
    private const string OriginalId = "@original";

    // Followups 5 in 2 s is unconfirmed; a first answer meets no limit.
    private static readonly RateLimit Webhook = new("webhook", 5, 2);
    private static readonly RateLimit Callback = new("interaction callback", 1000, 1);

    public IEnumerable<Operation> All =>
    [
        new("POST", "/interactions/{interactionId}/{interactionToken}/callback", _ => Callback, AnswerAsync, OfInteraction: true),
        new("POST", "/webhooks/{applicationId}/{webhookToken}", _ => Webhook, FollowUpAsync, OfInteraction: true),
        new("GET", "/webhooks/{applicationId}/{webhookToken}/messages/{messageId}", _ => Webhook, Get, OfInteraction: true),
        new("PATCH", "/webhooks/{applicationId}/{webhookToken}/messages/{messageId}", _ => Webhook, EditAsync, OfInteraction: true),
        new("DELETE", "/webhooks/{applicationId}/{webhookToken}/messages/{messageId}", _ => Webhook, Remove, OfInteraction: true),
    ];

    private async Task<Answer> AnswerAsync(HttpContext context)
    {
        var body = await RequestBody.ReadFormAsync(context);
        lock (world.Gate)
        {
            var interaction = world.Interactions.GetValueOrDefault((string)context.Request.RouteValues["interactionToken"]!);
            if (interaction is null || interaction.Id != (string)context.Request.RouteValues["interactionId"]!)
                throw DiscordError.UnknownInteraction;
            if (interaction.AnswerType is not null)
                throw DiscordError.AlreadyAcknowledged;
            if (world.Now - interaction.CreatedAt > Interaction.FirstAnswer)
                throw DiscordError.UnknownInteraction;

            body.Require("type");
            var type = body.Choice("type", TypesFor(interaction));
            body.Errors.ThrowIfAny();
            var data = body.Object("data") ?? new Form([], body.Errors, "data");
            body.Errors.ThrowIfAny();
            var message = Apply(interaction, type!.Value, data);
            return context.Request.Query["with_response"] == "true" ? Answered(interaction, type.Value, message) : Answer.Nothing;
        }
    }

    private Message? Apply(Interaction interaction, int type, Form data)
    {
        switch (type)
        {
            case NewMessage:
                var draft = MessageDraft.Read(data, ofInteraction: true);
                RequireContent(draft);
                interaction.Answer(type, draft.IsEphemeral);
                interaction.Original = messages.Post(interaction.Channel, world.Bot, draft, interaction);
                interaction.Show(draft.IsEphemeral ? "ephemeral" : "message", interaction.Original);
                break;
            case DeferredMessage:
                var flags = (int)(data.Integer("flags", 0, int.MaxValue) ?? 0);
                data.Errors.ThrowIfAny();
                interaction.Answer(type, (flags & Message.Ephemeral) != 0);
                var nothing = MessageDraft.Read(new([], data.Errors));
                interaction.Original = messages.Post(interaction.Channel, world.Bot, nothing, interaction, isLoading: true);
                break;
            case DeferredUpdate:
                interaction.Answer(type, isEphemeral: false);
                interaction.Original = interaction.Message;
                break;
            case Update:
                var change = MessageDraft.Read(data, ofInteraction: true);
                messages.Edit(interaction.Message!, change);
                interaction.Answer(type, isEphemeral: false);
                interaction.Original = interaction.Message;
                interaction.Show("updated", interaction.Message!);
                break;
            case Modal:
                var modal = ComponentRules.ReadModal(data);
                data.Errors.ThrowIfAny();
                interaction.Answer(type, isEphemeral: false);
                interaction.Modal = modal;
                interaction.ShowModal(modal);
                break;
        }

        return interaction.Original;
    }

    private static Answer Answered(Interaction interaction, int type, Message? message)
    {
        var resource = new JsonObject { ["type"] = type };
        if (message is not null && type is not DeferredUpdate)
            resource["message"] = message.ToJson();
        return Answer.Ok(new JsonObject
        {
            ["interaction"] = new JsonObject
            {
                ["id"] = interaction.Id,
                ["type"] = interaction.Type,
                ["response_message_id"] = message?.Id,
                ["response_message_loading"] = type == DeferredMessage,
                ["response_message_ephemeral"] = interaction.IsEphemeral,
                ["channel_id"] = interaction.Channel.Id,
            },
            ["resource"] = resource,
        });
    }

    /// <summary>The first one after a deferred message takes that one's place, as Discord still does.</summary>
    private async Task<Answer> FollowUpAsync(HttpContext context)
    {
        var body = await RequestBody.ReadFormAsync(context);
        lock (world.Gate)
        {
            var interaction = FindInteraction(context);
            var draft = MessageDraft.Read(body, ofInteraction: true);
            RequireContent(draft);
            if (interaction is { AnswerType: DeferredMessage, Original: { } loading } && (loading.Flags & Message.Loading) != 0)
            {
                messages.Edit(loading, draft);
                ShowOriginal(interaction, loading);
                return Answer.Ok(loading.ToJson());
            }

            var isEphemeral = draft.IsEphemeral;
            var message = messages.Post(interaction.Channel, world.Bot, draft, interaction);
            interaction.Followups.Add(message);
            interaction.Show(isEphemeral ? "ephemeral" : "message", message);
            return Answer.Ok(message.ToJson());
        }
    }

    private Task<Answer> Get(HttpContext context)
    {
        lock (world.Gate)
            return Task.FromResult(Answer.Ok(FindMessage(context, FindInteraction(context)).ToJson()));
    }

    private async Task<Answer> EditAsync(HttpContext context)
    {
        var body = await RequestBody.ReadFormAsync(context);
        lock (world.Gate)
        {
            var interaction = FindInteraction(context);
            var message = FindMessage(context, interaction);
            messages.Edit(message, MessageDraft.Read(body, ofInteraction: true));
            ShowOriginal(interaction, message);
            return Answer.Ok(message.ToJson());
        }
    }

    private Task<Answer> Remove(HttpContext context)
    {
        lock (world.Gate)
        {
            messages.Delete(FindMessage(context, FindInteraction(context)));
            return Task.FromResult(Answer.Nothing);
        }
    }

    private static void ShowOriginal(Interaction interaction, Message message) => interaction.Show(
        message == interaction.Message ? "updated" : message.EphemeralFor is not null ? "ephemeral" : "message", message);

    private static void RequireContent(MessageDraft draft)
    {
        if ((draft.Content ?? "").Length == 0 && draft.Embeds is null or { Count: 0 } && draft.Components is null or { Count: 0 })
            throw DiscordError.EmptyMessage;
    }

    private Interaction FindInteraction(HttpContext context)
    {
        if (!world.Interactions.TryGetValue((string)context.Request.RouteValues["webhookToken"]!, out var interaction))
            throw DiscordError.InvalidWebhookToken;
        if ((string)context.Request.RouteValues["applicationId"]! != World.BotId || interaction.AnswerType is null)
            throw DiscordError.UnknownWebhook;
        if (world.Now - interaction.CreatedAt > Interaction.TokenLifetime)
            throw DiscordError.InvalidWebhookToken;
        return interaction;
    }

    private Message FindMessage(HttpContext context, Interaction interaction)
    {
        var id = (string)context.Request.RouteValues["messageId"]!;
        var message = id == OriginalId ? interaction.Original : interaction.Followups.Append(interaction.Original).FirstOrDefault(x => x?.Id == id);
        return message is not null && world.Messages.ContainsKey(message.Id) ? message : throw DiscordError.UnknownMessage;
    }

    private static int[] TypesFor(Interaction interaction) => interaction switch
    {
        { Type: Interaction.Command } => [NewMessage, DeferredMessage, Modal],
        { Type: Interaction.Component } => [NewMessage, DeferredMessage, DeferredUpdate, Update, Modal],
        { Message: not null } => [NewMessage, DeferredMessage, DeferredUpdate, Update],
        _ => [NewMessage, DeferredMessage],
    };
}
