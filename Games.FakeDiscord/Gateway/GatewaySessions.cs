using System.Text.Json.Nodes;
using Games.FakeDiscord.Faults;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Gateway;

/// <summary>All sessions and connections. Its callers hold the world's gate.</summary>
internal sealed class GatewaySessions(World world, SettingsHolder settings, ActiveFaults faults, Statistics statistics, PageFeed feed)
{
    private static readonly TimeSpan IdentifyWindow = TimeSpan.FromSeconds(5);

    private readonly List<GatewaySession> _sessions = [];
    private readonly List<GatewayConnection> _connections = [];
    private readonly Dictionary<int, DateTimeOffset> _identified = [];

    public int Identifies { get; private set; }

    public int IdentifiesLeft => settings.Current.IdentifiesLeft - Identifies;

    public IReadOnlyList<GatewaySession> Sessions => _sessions;

    public void Add(GatewayConnection connection) => _connections.Add(connection);

    /// <summary>A client that closes with 1000 or 1001 ends its session.</summary>
    public void Remove(GatewayConnection connection, bool endsSession)
    {
        _connections.Remove(connection);
        if (connection.Session is not { } session || session.Connection != connection)
            return;
        session.Detach(world.Now);
        feed.Changed();
        if (endsSession)
            _sessions.Remove(session);
    }

    /// <summary>False: too many identifies.</summary>
    public bool TryIdentify(int shard)
    {
        var key = shard % settings.Current.MaxConcurrency;
        if (_identified.TryGetValue(key, out var last) && world.Now - last < IdentifyWindow)
            return false;
        _identified[key] = world.Now;
        Identifies++;
        return true;
    }

    public GatewaySession Start(GatewayConnection connection, string token, long intents, int shard, int shards)
    {
        var session = new GatewaySession(Guid.NewGuid().ToString("N"), token, intents, shard, shards);
        _sessions.Add(session);
        Attach(session, connection);

        var guilds = world.Guilds.Values.Where(guild => IsIn(guild) && session.Takes(guild.Id)).ToList();
        session.Dispatch("READY", new()
        {
            ["v"] = 10,
            ["user_settings"] = new JsonObject(),
            ["user"] = world.Bot.ToJson(),
            ["guilds"] = Json.Array(guilds.Select(guild => new JsonObject { ["id"] = guild.Id, ["unavailable"] = true })),
            ["session_id"] = session.Id,
            ["session_type"] = "normal",
            ["resume_gateway_url"] = connection.ResumeUrl,
            ["shard"] = new JsonArray(shard, shards),
            ["application"] = new JsonObject { ["id"] = World.BotId, ["flags"] = 0 },
            ["private_channels"] = new JsonArray(),
            ["presences"] = new JsonArray(),
            ["relationships"] = new JsonArray(),
        });
        if ((intents & Intents.Guilds) != 0)
        {
            foreach (var guild in guilds)
                session.Dispatch("GUILD_CREATE", GuildCreate(guild, session.Intents));
        }

        return session;
    }

    public void Attach(GatewaySession session, GatewayConnection connection)
    {
        session.Connection?.Close(4000, "Resumed elsewhere.");
        session.Attach(connection);
        feed.Changed();
    }

    /// <summary>Null: there is no such session any more.</summary>
    public GatewaySession? Find(string id, string token)
    {
        _sessions.RemoveAll(session =>
            session.Connection is null && world.Now - session.DetachedAt > TimeSpan.FromMilliseconds(settings.Current.SessionLifetimeMs));
        return _sessions.Find(session => session.Id == id && session.Token == token);
    }

    public void End(GatewaySession session) => _sessions.Remove(session);

    public void Dispatch(
        string type, Channel channel, JsonObject data, long intent, Func<JsonObject, JsonObject>? withoutContent = null)
    {
        if (channel.GuildId is not null && (world.PermissionsOf(world.Bot, channel) & Permissions.ViewChannel) == 0)
            return;
        foreach (var session in TakersOf(channel.GuildId, intent))
        {
            var hides = withoutContent is not null && (session.Intents & Intents.MessageContent) == 0;
            session.Dispatch(type, hides ? withoutContent!(data) : data, faults.TimesToDispatch(type));
        }
    }

    /// <summary>An interaction needs no intent, and no right to see its channel.</summary>
    public void Dispatch(string type, string? guildId, JsonObject data, long intent = 0)
    {
        foreach (var session in TakersOf(guildId, intent))
            session.Dispatch(type, data, faults.TimesToDispatch(type));
    }

    public void DispatchGuild(Guild guild)
    {
        foreach (var session in TakersOf(guild.Id, Intents.Guilds))
            session.Dispatch("GUILD_CREATE", GuildCreate(guild, session.Intents));
    }

    /// <summary>What is injected now, once, into all open connections.</summary>
    public void Inject(Fault fault)
    {
        foreach (var connection in _connections.ToList())
            connection.Inject(fault);
    }

    public void Reset()
    {
        _sessions.Clear();
        _identified.Clear();
        Identifies = 0;
        foreach (var connection in _connections.ToList())
            connection.Close(4000, "Everything was reset");
    }

    private IEnumerable<GatewaySession> TakersOf(string? guildId, long intent)
    {
        statistics.Dispatched();
        var lifetime = TimeSpan.FromMilliseconds(settings.Current.SessionLifetimeMs);
        _sessions.RemoveAll(session => session.Connection is null && world.Now - session.DetachedAt > lifetime);
        return _sessions.Where(session => session.Takes(guildId) && (intent == 0 || (session.Intents & intent) != 0)).ToList();
    }

    private static bool IsIn(Guild guild) => guild.Members.ContainsKey(World.BotId);

    private static JsonObject GuildCreate(Guild guild, long intents)
    {
        var members = guild.Members.Values.Where(member => member.User.IsBot || (intents & Intents.GuildMembers) != 0);
        var json = guild.ToJson();
        json["unavailable"] = false;
        json["joined_at"] = Json.Time(guild.Members[World.BotId].JoinedAt);
        json["large"] = false;
        json["member_count"] = guild.Members.Count;
        json["channels"] = Json.Array(guild.Channels.Select(channel => channel.ToJson()));
        json["members"] = Json.Array(members.Select(member => guild.MemberToJson(member)));
        foreach (var nothing in (string[])["threads", "voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"])
            json[nothing] = new JsonArray();
        return json;
    }
}
