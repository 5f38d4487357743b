using System.Net.Http.Headers;

namespace Games.Bench.Driving;

/// <summary>Keep-alive connections to one API.</summary>
internal sealed class ApiConnections : IDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly Uri _api;
    private readonly HttpClient _http;

    /// <param name="key">Of the API.</param>
    /// <param name="timeout">For one answer; 30 s unless given.</param>
    public ApiConnections(Uri api, string key, int connections, TimeSpan? timeout = null)
    {
        _api = api;
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

    /// <summary>Of the answer only the status and the headers are read.</summary>
    /// <param name="body">JSON.</param>
    public async Task<Reply> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken ct, string? ifMatch = null) =>
        (await SendAsync(method, path, body, ifMatch, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false)).Reply;

    /// <summary>The answer with its body.</summary>
    public Task<(Reply Reply, byte[] Body)> GetAsync(string path, CancellationToken ct) =>
        SendAsync(HttpMethod.Get, path, null, null, HttpCompletionOption.ResponseContentRead, ct);

    public void Dispose() => _http.Dispose();

    private async Task<(Reply Reply, byte[] Body)> SendAsync(
        HttpMethod method, string path, byte[]? body, string? ifMatch, HttpCompletionOption read, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, new Uri(_api, path));
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = Json } };
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);

        try
        {
            using var response = await _http.SendAsync(request, read, ct).ConfigureAwait(false);
            var status = (int)response.StatusCode;
            return (
                new Reply(status, $"{status} {response.StatusCode}", response.Headers.Location, response.Headers.ETag?.Tag),
                read is HttpCompletionOption.ResponseContentRead ? await response.Content.ReadAsByteArrayAsync(ct).ConfigureAwait(false) : []);
        }
        catch (HttpRequestException exception)
        {
            return (Reply.None($"no answer: {exception.HttpRequestError}"), []);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (Reply.None($"no answer within {_http.Timeout.TotalSeconds} s"), []);
        }
    }
}

/// <summary>The answer to one request.</summary>
/// <param name="Status">0 if there is none.</param>
/// <param name="Name">What it is counted as.</param>
internal sealed record Reply(int Status, string Name, Uri? Location, string? ETag)
{
    public static Reply None(string name) => new(0, name, null, null);
}
