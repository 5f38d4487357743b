namespace Games.Bench.Driving;

/// <summary>The answer to one POST: the id of the accepted game, or the reason of the refusal.</summary>
internal readonly record struct Answer(Guid GameId, string? Refusal)
{
    public bool Accepted => Refusal is null;

    public static Answer Of(Guid gameId) => new(gameId, null);

    public static Answer Refused(string name) => new(Guid.Empty, name);
}

/// <summary>Posts games; each has its number in its title.</summary>
internal sealed class GamePoster(ApiConnections api, string run, int channels = 1) : IDisposable
{
    private const int Created = 201;

    private readonly GameBodies _bodies = new(run, channels);

    /// <param name="key">Of the API.</param>
    /// <param name="timeout">For one answer; 30 s unless given.</param>
    /// <param name="channels">Over which the games are spread.</param>
    public GamePoster(Uri api, string key, string run, int connections, TimeSpan? timeout = null, int channels = 1)
        : this(new ApiConnections(api, key, connections, timeout), run, channels)
    {
    }

    public ApiConnections Api => api;

    public async Task<Answer> PostAsync(int number, CancellationToken ct)
    {
        var reply = await api.SendAsync(HttpMethod.Post, "/games", _bodies[number], ct).ConfigureAwait(false);
        if (reply.Status != Created)
            return Answer.Refused(reply.Name);

        return GameIdOf(reply.Location) is { } gameId ? Answer.Of(gameId) : Answer.Refused("201 without a game's id in Location");
    }

    /// <summary>The last segment of /games/{id}, relative or absolute.</summary>
    public static Guid? GameIdOf(Uri? location)
    {
        var path = (location?.OriginalString ?? "").AsSpan();
        return Guid.TryParse(path[(path.LastIndexOf('/') + 1)..], out var gameId) ? gameId : null;
    }

    public void Dispose() => api.Dispose();
}
