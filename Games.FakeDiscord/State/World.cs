using System.Globalization;

namespace Games.FakeDiscord.State;

/// <summary>Everything that exists, in memory. Whoever reads or changes it holds <see cref="Gate"/>.</summary>
internal sealed class World
{
    public const string BotId = "900000000000000001";
    public const string FirstGuild = "100000000000000001";
    public const string FirstChannel = "200000000000000001";

    private static readonly DateTimeOffset Epoch = DateTimeOffset.FromUnixTimeMilliseconds(1420070400000);
    private static readonly string[] FirstUsers = ["anna", "ben", "carla", "david", "emma"];

    private readonly TimeProvider _time;
    private ulong _lastId;

    public World(TimeProvider time)
    {
        _time = time;
        Reset();
    }

    public Lock Gate { get; } = new();

    public DateTimeOffset Now => _time.GetUtcNow();

    public User Bot { get; private set; } = null!;

    public Dictionary<string, User> Users { get; } = [];

    public Dictionary<string, Guild> Guilds { get; } = [];

    public Dictionary<string, Channel> Channels { get; } = [];

    public Dictionary<string, Message> Messages { get; } = [];

    /// <summary>By token.</summary>
    public Dictionary<string, Interaction> Interactions { get; } = [];

    /// <summary>By nonce: what the bot posted with it, and when.</summary>
    public Dictionary<string, (string MessageId, string ChannelId, DateTimeOffset At)> Nonces { get; } = [];

    /// <summary>Commands for all guilds; those of one are the guild's.</summary>
    public List<System.Text.Json.Nodes.JsonObject> Commands { get; } = [];

    public void Reset()
    {
        Users.Clear();
        Guilds.Clear();
        Channels.Clear();
        Messages.Clear();
        Interactions.Clear();
        Nonces.Clear();
        Commands.Clear();

        Bot = Users[BotId] = new(BotId, "bot", isBot: true);
        var guild = AddGuild(FirstGuild, "Game night", "300000000000000001");
        AddChannel(guild, FirstChannel, "games");
        for (var i = 0; i < FirstUsers.Length; i++)
            AddMember(guild, $"30000000000000000{i + 1}", FirstUsers[i]);
    }

    public string NewId()
    {
        var now = (ulong)(Now - Epoch).TotalMilliseconds << 22;
        _lastId = Math.Max(_lastId + 1, now);
        return _lastId.ToString(CultureInfo.InvariantCulture);
    }

    public static DateTimeOffset CreatedAt(string id) => Epoch.AddMilliseconds(Json.Number(id) >> 22);

    public Guild AddGuild(string id, string name, string ownerId)
    {
        var guild = Guilds[id] = new(id, name, ownerId, NewId);
        guild.Members[BotId] = new(Bot, Permissions.OfBot, Now);
        return guild;
    }

    public Channel AddChannel(Guild guild, string id, string name)
    {
        var channel = Channels[id] = new(id, name, guild.Id);
        guild.Channels.Add(channel);
        return channel;
    }

    public Member AddMember(Guild guild, string userId, string name)
    {
        if (!Users.TryGetValue(userId, out var user))
            Users[userId] = user = new(userId, name);
        return guild.Members[userId] = new(user, userId == BotId ? Permissions.OfBot : Permissions.OfMember, Now);
    }

    /// <summary>Between a user and the bot there is one DM channel, always the same.</summary>
    public Channel DmWith(User user)
    {
        if (Channels.Values.FirstOrDefault(channel => channel.Recipient == user) is { } open)
            return open;
        var id = NewId();
        return Channels[id] = new(id, user.Name, guildId: null, user);
    }

    public Guild? GuildOf(Channel channel) => channel.GuildId is null ? null : Guilds.GetValueOrDefault(channel.GuildId);

    public ulong PermissionsOf(User user, Channel channel)
    {
        if (channel.Recipient is not null)
            return user == Bot || user == channel.Recipient ? Permissions.OfMember : 0;
        return GuildOf(channel) is { } guild && guild.Members.TryGetValue(user.Id, out var member) ? Permissions.In(channel, guild, member) : 0;
    }

    public void Remember(Message message)
    {
        message.Channel.Messages.Add(message);
        Messages[message.Id] = message;
    }

    public void Forget(Message message)
    {
        message.Channel.Messages.Remove(message);
        Messages.Remove(message.Id);
    }
}
