using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Rest;

/// <summary>The body of a message, read and checked; what is null was not sent.</summary>
internal sealed partial class MessageDraft
{
    private const int MaxNonce = 25;

    private readonly HashSet<string> _allowed = ["users", "roles", "everyone"];
    private readonly HashSet<string> _allowedUsers = [];
    private readonly HashSet<string> _allowedRoles = [];

    public string? Content { get; private init; }

    public JsonArray? Embeds { get; private init; }

    public JsonArray? Components { get; private init; }

    public int? Flags { get; private init; }

    public bool Tts { get; private init; }

    public JsonNode? Nonce { get; private set; }

    public bool EnforceNonce { get; private init; }

    public string? ReplyTo { get; private init; }

    public bool IsEphemeral => ((Flags ?? 0) & Message.Ephemeral) != 0;

    /// <summary>Throws what Discord would refuse. An interaction's answer pings users only, unless it says else.</summary>
    public static MessageDraft Read(Form body, bool ofInteraction = false)
    {
        var draft = new MessageDraft
        {
            Content = body.Has("content") ? body.Text("content", 2000) ?? "" : null,
            Embeds = body.Has("embeds") ? EmbedRules.Read(body) : null,
            Components = body.Has("components") ? ComponentRules.Read(body) : null,
            Flags = (int?)body.Integer("flags", 0, int.MaxValue),
            Tts = body.Flag("tts"),
            EnforceNonce = body.Flag("enforce_nonce"),
            ReplyTo = body.Object("message_reference")?.Snowflake("message_id"),
        };
        draft.ReadNonce(body);
        draft.ReadAllowedMentions(body, ofInteraction);
        body.Errors.ThrowIfAny();
        return draft;
    }

    /// <summary>Sets what was sent, keeps the rest, and finds out again who is mentioned.</summary>
    public void ApplyTo(Message message, World world)
    {
        message.Content = Content ?? message.Content;
        message.Embeds = Embeds ?? message.Embeds;
        message.Components = Components ?? message.Components;

        var guild = world.GuildOf(message.Channel);
        message.Mentions = [.. UserMention().Matches(message.Content).Select(x => x.Groups[1].Value).Distinct()
            .Where(id => _allowed.Contains("users") || _allowedUsers.Contains(id))
            .Select(id => world.Users.GetValueOrDefault(id)).OfType<User>()];
        message.MentionedRoles = [.. RoleMention().Matches(message.Content).Select(x => x.Groups[1].Value).Distinct()
            .Where(id => _allowed.Contains("roles") || _allowedRoles.Contains(id))];
        message.MentionsEveryone = guild is not null && EveryoneMention().IsMatch(message.Content) && _allowed.Contains("everyone")
            && (world.PermissionsOf(message.Author, message.Channel) & Permissions.MentionEveryone) != 0;
    }

    private void ReadNonce(Form body)
    {
        if (body.Json["nonce"] is not { } nonce)
            return;
        if (nonce.GetValueKind() is not (JsonValueKind.String or JsonValueKind.Number))
            body.Refuse("nonce", "NONCE_TYPE_INVALID", "Nonce must be an integer or a string.");
        else if ((Form.TextOf(nonce) ?? nonce.ToJsonString()).Length > MaxNonce)
            body.Refuse("nonce", "NONCE_TYPE_TOO_LONG", $"Nonce must be {MaxNonce} or fewer in length.");
        Nonce = nonce.DeepClone();
    }

    private void ReadAllowedMentions(Form body, bool ofInteraction)
    {
        if (body.Object("allowed_mentions") is not { } form)
        {
            if (ofInteraction)
                _allowed.IntersectWith(["users"]);
            return;
        }

        _allowed.Clear();
        foreach (var kind in form.Texts("parse", 3))
        {
            if (kind is not ("users" or "roles" or "everyone"))
                form.Refuse("parse", "BASE_TYPE_CHOICES", "Value must be one of {users, roles, everyone}.");
            _allowed.Add(kind);
        }

        _allowedUsers.UnionWith(form.Texts("users", 100));
        _allowedRoles.UnionWith(form.Texts("roles", 100));
        foreach (var (kind, ids) in (ReadOnlySpan<(string, HashSet<string>)>)[("users", _allowedUsers), ("roles", _allowedRoles)])
        {
            if (_allowed.Contains(kind) && ids.Count > 0)
            {
                body.Refuse(
                    "allowed_mentions",
                    "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                    $"parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
            }
        }
    }

    [GeneratedRegex(@"<@!?(\d{1,20})>")]
    private static partial Regex UserMention();

    [GeneratedRegex(@"<@&(\d{1,20})>")]
    private static partial Regex RoleMention();

    [GeneratedRegex("@(everyone|here)")]
    private static partial Regex EveryoneMention();
}
