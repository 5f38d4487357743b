using System.Net;
using System.Net.Http.Headers;

namespace Games.Bench.Driving;

/// <summary>The answer to one POST: the id of the accepted game, or the reason of the refusal.</summary>
internal readonly record struct Answer(Guid GameId, string? Refusal)
{
    public bool Accepted => Refusal is null;

    public static Answer Of(Guid gameId) => new(gameId, null);

    public static Answer Refused(string name) => new(Guid.Empty, name);
}

/// <summary>Posts games over keep-alive connections and reads only the status and the Location of a response.</summary>
internal sealed class GamePoster : IDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http;
    private readonly Uri _games;
    private readonly GameBodies _bodies;

    /// <param name="key">Of the API.</param>
    /// <param name="timeout">For one answer; 30 s unless given.</param>
    public GamePoster(Uri api, string key, string run, int connections, TimeSpan? timeout = null)
    {
        _games = new Uri(api, "/games");
        _bodies = new GameBodies(run);
        _http = new HttpClient(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = connections,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
            UseCookies = false,
            UseProxy = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = timeout ?? DefaultTimeout,
            DefaultRequestHeaders = { Authorization = new("Bearer", key) },
        };
    }

    public async Task<Answer> PostAsync(int number, CancellationToken ct)
    {
        using var content = new ByteArrayContent(_bodies[number]);
        content.Headers.ContentType = Json;
        using var request = new HttpRequestMessage(HttpMethod.Post, _games) { Content = content };

        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.Created)
                return Answer.Refused($"{(int)response.StatusCode} {response.StatusCode}");

            return GameIdOf(response.Headers.Location) is { } gameId ? Answer.Of(gameId) : Answer.Refused("201 without a game's id in Location");
        }
        catch (HttpRequestException exception)
        {
            return Answer.Refused($"no answer: {exception.HttpRequestError}");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Answer.Refused($"no answer within {_http.Timeout.TotalSeconds} s");
        }
    }

    /// <summary>The last segment of /games/{id}, relative or absolute.</summary>
    public static Guid? GameIdOf(Uri? location)
    {
        var path = (location?.OriginalString ?? "").AsSpan();
        return Guid.TryParse(path[(path.LastIndexOf('/') + 1)..], out var gameId) ? gameId : null;
    }

    public void Dispose() => _http.Dispose();
}
