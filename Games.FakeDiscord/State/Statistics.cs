namespace Games.FakeDiscord.State;

/// <summary>What the bot has done: for tests of its manners.</summary>
internal sealed class Statistics(TimeProvider time)
{
    private const int KeptRequests = 20_000;
    private const int KeptEarly = 1_000;
    private static readonly TimeSpan InvalidWindow = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Queue<RequestSeen> _requests = [];
    private readonly Dictionary<string, Dictionary<int, int>> _routes = [];
    private readonly Dictionary<string, int> _gateway = [];
    private readonly List<RequestSeen> _early = [];
    private readonly Queue<DateTimeOffset> _invalid = [];
    private int _rateLimited;
    private int _invalidInAll;
    private int _mostInvalid;
    private int _dispatched;

    /// <summary>401, 403 and 429 (but shared ones) of the last 10 minutes; Discord bans an address for a while at 10,000.</summary>
    public int InvalidInWindow
    {
        get
        {
            lock (_lock)
            {
                DropOldInvalid();
                return _invalid.Count;
            }
        }
    }

    public void Answered(string method, string route, string path, int status, bool isShared)
    {
        lock (_lock)
        {
            _requests.Enqueue(new(time.GetUtcNow(), method, path, status));
            if (_requests.Count > KeptRequests)
                _requests.Dequeue();

            var statuses = _routes.TryGetValue($"{method} {route}", out var known) ? known : _routes[$"{method} {route}"] = [];
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
            if (status == 429)
                _rateLimited++;
            if (status is not (401 or 403 or 429) || isShared)
                return;
            _invalidInAll++;
            _invalid.Enqueue(time.GetUtcNow());
            DropOldInvalid();
            _mostInvalid = Math.Max(_mostInvalid, _invalid.Count);
        }
    }

    /// <summary>A request that came before the time that a 429 had named.</summary>
    public void CameEarly(string method, string path)
    {
        lock (_lock)
        {
            if (_early.Count < KeptEarly)
                _early.Add(new(time.GetUtcNow(), method, path, 429));
        }
    }

    public void Gateway(string what)
    {
        lock (_lock)
            _gateway[what] = _gateway.GetValueOrDefault(what) + 1;
    }

    public void Dispatched()
    {
        lock (_lock)
            _dispatched++;
    }

    public IReadOnlyList<RequestSeen> Requests(string? method, string? path)
    {
        lock (_lock)
        {
            return [.. _requests.Where(request =>
                (method is null || HttpMethods.Equals(method, request.Method))
                && (path is null || request.Path.Contains(path, StringComparison.Ordinal)))];
        }
    }

    public StatisticsView View()
    {
        lock (_lock)
        {
            DropOldInvalid();
            var routes = _routes.OrderBy(route => route.Key, StringComparer.Ordinal)
                .Select(route => new RouteSeen(route.Key, route.Value.Values.Sum(), new(route.Value.ToDictionary(x => $"{x.Key}", x => x.Value))));
            return new([.. routes], _rateLimited, [.. _early], _invalidInAll, _invalid.Count, _mostInvalid, _dispatched, new(_gateway));
        }
    }

    public void Reset()
    {
        lock (_lock)
        {
            _requests.Clear();
            _routes.Clear();
            _gateway.Clear();
            _early.Clear();
            _invalid.Clear();
            _rateLimited = _invalidInAll = _mostInvalid = _dispatched = 0;
        }
    }

    private void DropOldInvalid()
    {
        while (_invalid.TryPeek(out var at) && time.GetUtcNow() - at > InvalidWindow)
            _invalid.Dequeue();
    }
}

/// <summary>One request of the bot and its answer; status 0: none was given.</summary>
internal sealed record RequestSeen(DateTimeOffset At, string Method, string Path, int Status);

internal sealed record RouteSeen(string Route, int Count, Dictionary<string, int> Statuses);

/// <summary>
/// Requests by route and status; how many were answered with 429; those that came before the time that a 429 had named (more than 100 ms after that
/// answer, so that what was on its way does not count); invalid requests (401, 403, 429 but shared) in all, in the last 10 minutes, and the
/// most in any 10; dispatches; and what the gateway saw: connections, identifies, identifiesTooSoon, resumes, resumesElsewhere (not at
/// resume_gateway_url), heartbeats.
/// </summary>
internal sealed record StatisticsView(
    IReadOnlyList<RouteSeen> Routes,
    int RateLimited,
    IReadOnlyList<RequestSeen> Early,
    int Invalid,
    int InvalidInWindow,
    int MostInvalidInWindow,
    int Dispatches,
    Dictionary<string, int> Gateway);
