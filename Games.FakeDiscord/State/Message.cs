using System.Text.Json.Nodes;

namespace Games.FakeDiscord.State;

internal sealed class Message(string id, Channel channel, User author, DateTimeOffset timestamp)
{
    public const int SuppressEmbeds = 4;
    public const int Ephemeral = 64;
    public const int Loading = 128;
    public const int Silent = 4096;

    public string Id { get; } = id;

    public Channel Channel { get; } = channel;

    public User Author { get; } = author;

    public DateTimeOffset Timestamp { get; } = timestamp;

    public DateTimeOffset? EditedTimestamp { get; set; }

    public string Content { get; set; } = "";

    public JsonArray Embeds { get; set; } = [];

    public JsonArray Components { get; set; } = [];

    public int Flags { get; set; }

    public int Type { get; init; }

    public bool Tts { get; init; }

    public JsonNode? Nonce { get; init; }

    public string? ReplyTo { get; init; }

    public bool MentionsEveryone { get; set; }

    public List<User> Mentions { get; set; } = [];

    public List<string> MentionedRoles { get; set; } = [];

    /// <summary>The only user who sees it.</summary>
    public string? EphemeralFor { get; init; }

    /// <summary>The interaction that it answers.</summary>
    public Interaction? Interaction { get; init; }

    public bool IsEmpty => Content.Length == 0 && Embeds.Count == 0 && Components.Count == 0;

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["id"] = Id,
            ["channel_id"] = Channel.Id,
            ["author"] = Author.ToJson(),
            ["content"] = Content,
            ["timestamp"] = Json.Time(Timestamp),
            ["edited_timestamp"] = EditedTimestamp is { } edited ? Json.Time(edited) : null,
            ["tts"] = Tts,
            ["mention_everyone"] = MentionsEveryone,
            ["mentions"] = Json.Array(Mentions.Select(user => user.ToJson())),
            ["mention_roles"] = Json.Array(MentionedRoles.Select(role => (JsonNode)role)),
            ["attachments"] = new JsonArray(),
            ["embeds"] = Embeds.DeepClone(),
            ["components"] = Components.DeepClone(),
            ["pinned"] = false,
            ["type"] = Type,
            ["flags"] = Flags,
        };
        if (Nonce is not null)
            json["nonce"] = Nonce.DeepClone();
        if (ReplyTo is not null)
            json["message_reference"] = new JsonObject { ["type"] = 0, ["message_id"] = ReplyTo, ["channel_id"] = Channel.Id };
        if (Author.IsBot)
            json["application_id"] = Author.Id;
        if (Interaction is not null)
        {
            json["webhook_id"] = Author.Id;
            json["interaction_metadata"] = Interaction.MetadataToJson();
        }

        return json;
    }
}
