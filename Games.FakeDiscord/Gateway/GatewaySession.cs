using System.Text.Json.Nodes;

namespace Games.FakeDiscord.Gateway;

/// <summary>What outlives a connection: the intents, the sequence, and what was dispatched, for a client that resumes.</summary>
internal sealed class GatewaySession(string id, string token, long intents, int shard, int shards)
{
    private const int KeptDispatches = 10_000;

    private readonly Queue<(int Sequence, string Text)> _sent = [];

    public string Id { get; } = id;

    public string Token { get; } = token;

    public long Intents { get; } = intents;

    public int Shard { get; } = shard;

    public int Shards { get; } = shards;

    public int Sequence { get; private set; }

    public GatewayConnection? Connection { get; private set; }

    /// <summary>Since when it has no connection.</summary>
    public DateTimeOffset DetachedAt { get; private set; }

    public void Attach(GatewayConnection connection) => Connection = connection;

    public void Detach(DateTimeOffset now)
    {
        Connection = null;
        DetachedAt = now;
    }

    /// <summary>Shard = (guild_id >> 22) % shards; direct messages go to shard 0.</summary>
    public bool Takes(string? guildId) => guildId is null ? Shard == 0 : (int)((State.Json.Number(guildId) >> 22) % (ulong)Shards) == Shard;

    /// <summary>A dispatch that is lost on its way counts, is kept for a RESUME, and is not sent.</summary>
    public void Dispatch(string type, JsonObject data, int times = 1)
    {
        var text = Next(type, data);
        _sent.Enqueue((Sequence, text));
        if (_sent.Count > KeptDispatches)
            _sent.Dequeue();
        for (var i = 0; i < times; i++)
            Connection?.Send(text);
    }

    /// <summary>Of no use to a later RESUME.</summary>
    public void SayResumed() => Connection?.Send(Next("RESUMED", []));

    public bool CanReplayFrom(int sequence) => sequence == Sequence || (_sent.TryPeek(out var oldest) && oldest.Sequence <= sequence + 1);

    public void ReplayFrom(int sequence)
    {
        foreach (var (_, text) in _sent.Where(dispatch => dispatch.Sequence > sequence))
            Connection?.Send(text);
    }

    private string Next(string type, JsonObject data)
    {
        Sequence++;
        return new JsonObject { ["op"] = 0, ["t"] = type, ["s"] = Sequence, ["d"] = data.DeepClone() }.ToJsonString();
    }
}
