using System.Net;
using System.Net.Http.Headers;

namespace Games.Bench.Driving;

/// <summary>What became of one POST: the id of an accepted game, or the name of the refusal.</summary>
internal readonly record struct Answer(Guid GameId, string? Refusal)
{
    public bool Accepted => Refusal is null;

    public static Answer Of(Guid gameId) => new(gameId, null);

    public static Answer Refused(string name) => new(Guid.Empty, name);
}

/// <summary>Posts games over keep-alive connections, reads no more of a response than its status and its Location.</summary>
internal sealed class GamePoster : IDisposable
{
    private static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(30);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient http;
    private readonly Uri games;
    private readonly GameBodies bodies;

    /// <param name="patience">How long an answer may take; 30 s unless given.</param>
    public GamePoster(Uri api, string run, int connections, TimeSpan? patience = null)
    {
        games = new Uri(api, "/games");
        bodies = new GameBodies(run);
        http = new HttpClient(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = connections,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
            UseCookies = false,
            UseProxy = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = patience ?? UsualPatience,
        };
    }

    public async Task<Answer> PostAsync(int number, CancellationToken ct)
    {
        using var content = new ByteArrayContent(bodies[number]);
        content.Headers.ContentType = Json;
        using var request = new HttpRequestMessage(HttpMethod.Post, games) { Content = content };

        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
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
            return Answer.Refused($"no answer within {http.Timeout.TotalSeconds} s");
        }
    }

    /// <summary>The last segment of /games/{id}, relative or absolute.</summary>
    public static Guid? GameIdOf(Uri? location)
    {
        var path = (location?.OriginalString ?? "").AsSpan();
        return Guid.TryParse(path[(path.LastIndexOf('/') + 1)..], out var gameId) ? gameId : null;
    }

    public void Dispose() => http.Dispose();
}
