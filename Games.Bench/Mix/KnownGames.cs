namespace Games.Bench.Mix;

/// <summary>The games that the clients of a mix know together: those of late, as old ones are not joined any more.</summary>
internal sealed class KnownGames
{
    private const int Most = 500;

    private readonly Lock _lock = new();
    private readonly List<Guid> _open = [];
    private readonly List<(Guid Game, string UserId)> _players = [];
    private readonly HashSet<Guid> _cancelled = [];
    private readonly Random _random = new(1);
    private int _next;

    public void Add(Guid game)
    {
        lock (_lock)
        {
            if (_open.Count < Most)
                _open.Add(game);
            else
                _open[_next = (_next + 1) % Most] = game;
        }
    }

    public void AddPlayer(Guid game, string userId)
    {
        lock (_lock)
            _players.Add((game, userId));
    }

    /// <summary>Null as long as there is none.</summary>
    public Guid? PickOpen()
    {
        lock (_lock)
            return _open.Count > 0 ? _open[_random.Next(_open.Count)] : null;
    }

    /// <summary>Somebody who has joined; nobody else gets the same. Null if there is none.</summary>
    public (Guid Game, string UserId)? TakePlayer()
    {
        lock (_lock)
        {
            if (_players.Count == 0)
                return null;

            var index = _random.Next(_players.Count);
            var player = _players[index];
            _players[index] = _players[^1];
            _players.RemoveAt(_players.Count - 1);
            return player;
        }
    }

    /// <summary>
    /// A game that is about to be cancelled: from now on it may refuse what is asked of it. Null if there is none, or if it is
    /// being cancelled already.
    /// </summary>
    public Guid? PickToCancel()
    {
        lock (_lock)
        {
            if (_open.Count == 0)
                return null;

            var game = _open[_random.Next(_open.Count)];
            return _cancelled.Add(game) ? game : null;
        }
    }

    /// <summary>It is cancelled, and everybody knows.</summary>
    public void Remove(Guid game)
    {
        lock (_lock)
            _open.Remove(game);
    }

    public bool MayBeCancelled(Guid game)
    {
        lock (_lock)
            return _cancelled.Contains(game);
    }
}
