using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Games.FakeDiscord.State;

namespace Games.FakeDiscord.Rest;

/// <summary>How many requests of a kind one channel, guild or webhook takes in a window; the code is what a 429 says beside the wait.</summary>
internal sealed record RateLimit(string Name, int Requests, double Seconds, int? Code = null)
{
    /// <summary>The X-RateLimit-Bucket, the same for all that share the limit.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Name)))[..32];
}

/// <summary>What a request meets: its endpoint says which limit, which may depend on the message that it is about.</summary>
internal delegate RateLimit RateLimitOf(HttpContext context);

/// <summary>Buckets with fixed windows that begin with their first request, and the global limit.</summary>
internal sealed class RateLimits(TimeProvider time, SettingsHolder settings, Statistics statistics)
{
    private const int KeptBuckets = 10_000;

    // Others may be on their way when one is refused for all: with a machine full of other work between two processes that takes so long. Whoever was
    // refused itself knows.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan GlobalWindow = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (int Used, DateTimeOffset ResetAt)> _buckets = [];
    private readonly Dictionary<string, DateTimeOffset> _refused = [];
    private (DateTimeOffset GraceUntil, DateTimeOffset Until) _refusedForAll;
    private (int Used, DateTimeOffset ResetAt) _global;

    /// <summary>Counts the request and sets its headers; a refusal is to be answered as 429.</summary>
    public Refusal? Take(HttpContext context, RateLimit limit, bool countsGlobally)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var key = KeyOf(context, limit);
            NoteEarly(context, key, now, countsGlobally);
            if (countsGlobally && TakeGlobal(now) is { } globalWait)
                return Refuse(key, new(globalWait, "global"), now);

            var bucket = _buckets.GetValueOrDefault(key);
            if (bucket.ResetAt <= now)
                bucket = (0, now.AddSeconds(limit.Seconds));
            var isFull = bucket.Used >= limit.Requests;
            if (!isFull)
                bucket.Used++;
            _buckets[key] = bucket;
            if (_buckets.Count > KeptBuckets)
                DropOldBuckets(now);

            SetHeaders(context.Response.Headers, limit, limit.Requests - bucket.Used, bucket.ResetAt, now);
            return isFull ? Refuse(key, new((bucket.ResetAt - now).TotalSeconds, "user", limit.Code), now) : null;
        }
    }

    /// <summary>A 429 that a fault asks for.</summary>
    public Refusal Refuse(HttpContext context, RateLimit limit, Refusal refusal, bool countsGlobally)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var key = KeyOf(context, limit);
            NoteEarly(context, key, now, countsGlobally);
            var remaining = refusal.Scope == "shared" ? limit.Requests - 1 : 0;
            if (refusal.Scope != "global")
                SetHeaders(context.Response.Headers, limit, remaining, now.AddSeconds(refusal.RetryAfter), now);
            return Refuse(key, refusal, now);
        }
    }

    public void Reset()
    {
        lock (_lock)
        {
            _buckets.Clear();
            _refused.Clear();
            _refusedForAll = default;
            _global = default;
        }
    }

    private void DropOldBuckets(DateTimeOffset now)
    {
        foreach (var key in _buckets.Where(bucket => bucket.Value.ResetAt <= now).Select(bucket => bucket.Key).ToList())
            _buckets.Remove(key);
    }

    private Refusal Refuse(string key, Refusal refusal, DateTimeOffset now)
    {
        var wait = TimeSpan.FromSeconds(Math.Max(refusal.RetryAfter, refusal.HeaderRetryAfter ?? 0));
        _refused[key] = now + wait;
        if (refusal.Scope == "global")
            _refusedForAll = (now + Grace, now + wait);
        return refusal;
    }

    private double? TakeGlobal(DateTimeOffset now)
    {
        if (_global.ResetAt <= now)
            _global = (0, now + GlobalWindow);
        if (_global.Used >= settings.Current.GlobalRequestsPerSecond)
            return (_global.ResetAt - now).TotalSeconds;
        _global.Used++;
        return null;
    }

    private void NoteEarly(HttpContext context, string key, DateTimeOffset now, bool countsGlobally)
    {
        var isEarly = _refused.TryGetValue(key, out var until) && now < until
            || countsGlobally && now > _refusedForAll.GraceUntil && now < _refusedForAll.Until;
        if (isEarly)
            statistics.CameEarly(context.Request.Method, context.Request.Path);
        else
            _refused.Remove(key);
    }

    private static string KeyOf(HttpContext context, RateLimit limit)
    {
        var route = context.Request.RouteValues;
        return $"{limit.Name}:{route["channelId"] ?? route["guildId"] ?? route["webhookToken"]}";
    }

    private static void SetHeaders(IHeaderDictionary headers, RateLimit limit, int remaining, DateTimeOffset resetAt, DateTimeOffset now)
    {
        headers["X-RateLimit-Limit"] = $"{limit.Requests}";
        headers["X-RateLimit-Remaining"] = $"{remaining}";
        headers["X-RateLimit-Reset"] = (resetAt.ToUnixTimeMilliseconds() / 1000d).ToString("0.000", CultureInfo.InvariantCulture);
        headers["X-RateLimit-Reset-After"] = (resetAt - now).TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
        headers["X-RateLimit-Bucket"] = limit.Hash;
    }
}

/// <summary>How long to wait, in seconds, and whose limit it is: user, shared or global.</summary>
internal sealed record Refusal(double RetryAfter, string Scope, int? Code = null, int? HeaderRetryAfter = null)
{
    public void SetHeaders(IHeaderDictionary headers)
    {
        headers.RetryAfter = $"{HeaderRetryAfter ?? (int)Math.Ceiling(RetryAfter)}";
        headers["X-RateLimit-Scope"] = Scope;
        if (Scope == "global")
            headers["X-RateLimit-Global"] = "true";
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["message"] = Code is null ? "You are being rate limited." : "The write action you are performing has hit a rate limit.",
            ["retry_after"] = Math.Round(RetryAfter, 3),
            ["global"] = Scope == "global",
        };
        if (Code is not null)
            json["code"] = Code;
        return json;
    }
}
