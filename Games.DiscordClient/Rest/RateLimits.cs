namespace Games.DiscordClient.Rest;

/// <summary>Finds the bucket of a call: Discord names it in the first answer, and it is the same for several paths.</summary>
internal sealed class RateLimits(TimeProvider time)
{
    private const int ManyBuckets = 1_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _names = [];
    private readonly Dictionary<(string Name, string Major), Bucket> _buckets = [];
    private int _sweepAt = ManyBuckets;

    public Bucket Find(Route route)
    {
        lock (_lock)
            return FindNamed(NameOf(route), route.Major);
    }

    /// <summary>The answer names the buckets of its route, those of other channels too: whoever comes later shares them.</summary>
    public void Name(Route route, Answer answer)
    {
        if (answer.Bucket is not { Length: > 0 } name)
            return;

        lock (_lock)
        {
            var before = NameOf(route);
            if (before == name)
                return;

            _names[route.ToString()] = name;
            // Who waits in one stays, and whoever comes joins him: also where the first answer is still on its way.
            foreach (var (key, bucket) in _buckets.Where(x => x.Key.Name == before).ToList())
                _buckets.TryAdd((name, key.Major), bucket);
        }
    }

    private string NameOf(Route route) => _names.GetValueOrDefault(route.ToString(), route.ToString());

    private Bucket FindNamed(string name, string major)
    {
        if (_buckets.TryGetValue((name, major), out var bucket))
            return bucket;

        if (_buckets.Count >= _sweepAt)
            Sweep();
        return _buckets[(name, major)] = new(time);
    }

    // Each interaction has a bucket of its own, for its fifteen minutes.
    private void Sweep()
    {
        var now = time.GetUtcNow();
        foreach (var (key, _) in _buckets.Where(x => x.Value.IsIdle(now)).ToList())
            _buckets.Remove(key);
        _sweepAt = Math.Max(ManyBuckets, 2 * _buckets.Count);
    }
}
