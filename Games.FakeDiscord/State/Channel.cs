using System.Globalization;
using System.Text.Json.Nodes;

namespace Games.FakeDiscord.State;

/// <summary>A text channel of a guild, or the one between the bot and a user.</summary>
internal sealed class Channel(string id, string name, string? guildId, User? recipient = null)
{
    public const int Text = 0;
    public const int Dm = 1;

    public string Id { get; } = id;

    public string Name { get; set; } = name;

    public string? GuildId { get; } = guildId;

    /// <summary>The user of a DM channel.</summary>
    public User? Recipient { get; } = recipient;

    public int Type => Recipient is null ? Text : Dm;

    public List<Overwrite> Overwrites { get; } = [];

    /// <summary>Oldest first; with the ephemeral ones, which only their user sees.</summary>
    public List<Message> Messages { get; } = [];

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["id"] = Id, ["type"] = Type, ["last_message_id"] = Messages.LastOrDefault(x => x.EphemeralFor is null)?.Id };
        if (Recipient is not null)
        {
            json["recipients"] = new JsonArray(Recipient.ToJson());
            return json;
        }

        json["guild_id"] = GuildId;
        json["name"] = Name;
        json["topic"] = null;
        json["position"] = 0;
        json["parent_id"] = null;
        json["nsfw"] = false;
        json["rate_limit_per_user"] = 0;
        json["flags"] = 0;
        json["permission_overwrites"] = new JsonArray([.. Overwrites.Select(overwrite => new JsonObject
        {
            ["id"] = overwrite.Id,
            ["type"] = overwrite.OfMember ? 1 : 0,
            ["allow"] = overwrite.Allow.ToString(CultureInfo.InvariantCulture),
            ["deny"] = overwrite.Deny.ToString(CultureInfo.InvariantCulture),
        })]);
        return json;
    }
}

/// <summary>What a role (or everyone, by the guild's id) or a member may in one channel.</summary>
internal sealed record Overwrite(string Id, bool OfMember, ulong Allow, ulong Deny);
