using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Games.Tests.Servers;

namespace Games.Tests.Api;

/// <summary>On Kestrel itself: the limits are its, and the in-memory test server has none.</summary>
public sealed class RequestLimitsTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private const int MaxBodyBytes = 64 * 1024;

    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public RequestLimitsTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString, settings: ApiHost.FreePort);
        _host.UseKestrel();
        _api = _host.CreateClient();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_64_KiB_is_refused_whether_or_not_it_tells_its_length(bool chunked)
    {
        using var response = await SendAsync(BodyOf(MaxBodyBytes + 1), chunked);

        var problem = await response.IsProblemAsync(HttpStatusCode.RequestEntityTooLarge, _host.Log);
        Assert.Equal("/games", (string?)problem["instance"]);
        Assert.Equal("generalErrors", (string?)Assert.Single(problem["errors"]!.AsArray())!["name"]);
    }

    [Fact]
    public async Task A_body_of_just_64_KiB_is_read()
    {
        using var response = await SendAsync(BodyOf(MaxBodyBytes), chunked: false);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task A_body_without_a_content_type_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/games") { Content = new ByteArrayContent(BodyOf(1024)) };

        using var response = await _api.SendAsync(request);

        await response.IsProblemAsync(HttpStatusCode.UnsupportedMediaType, _host.Log);
    }

    [Fact]
    public async Task A_request_without_any_body_is_refused_likewise()
    {
        using var response = await _api.PostAsync("/games", content: null);

        await response.IsProblemAsync(HttpStatusCode.UnsupportedMediaType, _host.Log);
    }

    private async Task<HttpResponseMessage> SendAsync(byte[] body, bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/games") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TransferEncodingChunked = chunked;
        return await _api.SendAsync(request);
    }

    private static byte[] BodyOf(int bytes) => Encoding.UTF8.GetBytes(Requests.ValidGame().ToJsonString().PadRight(bytes));
}
