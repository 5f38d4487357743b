using System.Globalization;
using System.Text.Json.Nodes;

namespace Games.FakeDiscord.State;

internal sealed class Guild(string id, string name, string ownerId, Func<string> newId)
{
    private readonly Dictionary<ulong, string> _roles = [];

    public string Id { get; } = id;

    public string Name { get; set; } = name;

    public string OwnerId { get; set; } = ownerId;

    public List<Channel> Channels { get; } = [];

    public Dictionary<string, Member> Members { get; } = [];

    public List<JsonObject> Commands { get; } = [];

    /// <summary>Permissions come from roles in Discord: each set that a member has is a role here, and @everyone may nothing.</summary>
    public string RoleOf(Member member)
    {
        if (!_roles.TryGetValue(member.Permissions, out var role))
            _roles[member.Permissions] = role = newId();
        return role;
    }

    public JsonArray RolesToJson()
    {
        foreach (var member in Members.Values)
            RoleOf(member);
        var roles = _roles.Select((role, index) => RoleToJson(role.Value, $"role {index + 1}", role.Key, index + 1));
        return [RoleToJson(Id, "@everyone", 0, 0), .. roles];
    }

    public JsonObject MemberToJson(Member member, bool withUser = true)
    {
        var json = new JsonObject
        {
            ["nick"] = null,
            ["avatar"] = null,
            ["roles"] = new JsonArray(RoleOf(member)),
            ["joined_at"] = Json.Time(member.JoinedAt),
            ["premium_since"] = null,
            ["deaf"] = false,
            ["mute"] = false,
            ["pending"] = false,
            ["flags"] = 0,
            ["communication_disabled_until"] = null,
        };
        if (withUser)
            json["user"] = member.User.ToJson();
        return json;
    }

    public JsonObject ToJson() => new()
    {
        ["id"] = Id,
        ["name"] = Name,
        ["icon"] = null,
        ["splash"] = null,
        ["discovery_splash"] = null,
        ["owner_id"] = OwnerId,
        ["afk_channel_id"] = null,
        ["afk_timeout"] = 300,
        ["verification_level"] = 0,
        ["default_message_notifications"] = 0,
        ["explicit_content_filter"] = 0,
        ["roles"] = RolesToJson(),
        ["emojis"] = new JsonArray(),
        ["stickers"] = new JsonArray(),
        ["features"] = new JsonArray(),
        ["mfa_level"] = 0,
        ["application_id"] = null,
        ["system_channel_id"] = null,
        ["system_channel_flags"] = 0,
        ["rules_channel_id"] = null,
        ["vanity_url_code"] = null,
        ["description"] = null,
        ["banner"] = null,
        ["premium_tier"] = 0,
        ["preferred_locale"] = "en-US",
        ["nsfw_level"] = 0,
        ["premium_progress_bar_enabled"] = false,
    };

    private static JsonObject RoleToJson(string id, string name, ulong permissions, int position) => new()
    {
        ["id"] = id,
        ["name"] = name,
        ["color"] = 0,
        ["hoist"] = false,
        ["position"] = position,
        ["permissions"] = permissions.ToString(CultureInfo.InvariantCulture),
        ["managed"] = false,
        ["mentionable"] = false,
        ["flags"] = 0,
    };
}

internal sealed class Member(User user, ulong permissions, DateTimeOffset joinedAt)
{
    public User User { get; } = user;

    public ulong Permissions { get; set; } = permissions;

    public bool IsTimedOut { get; set; }

    public DateTimeOffset JoinedAt { get; } = joinedAt;
}
