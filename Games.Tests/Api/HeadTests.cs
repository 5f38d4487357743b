using System.Net;
using Games.Tests.Servers;

namespace Games.Tests.Api;

/// <summary>On Kestrel itself, which leaves out the body.</summary>
public sealed class HeadTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public HeadTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString, settings: [("Journal:Dispatch", "false"), ApiHost.FreePort]);
        _host.UseKestrel();
        _api = _host.CreateClient();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("/games")]
    [InlineData("/games?limit=0")]
    [InlineData("/games/42")]
    [InlineData("/games/42.ics")]
    [InlineData("/games/42/calendar.ics")]
    [InlineData("/guilds/42/games.ics")]
    [InlineData("/events")]
    [InlineData("/events/42")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/openapi.json")]
    [InlineData("/docs/index.html")]
    [InlineData("/nowhere")]
    public async Task HEAD_is_answered_as_GET_without_a_body(string path)
    {
        using var got = await _api.GetAsync(path);

        using var head = await _api.SendAsync(new(HttpMethod.Head, path));

        Assert.Equal(got.StatusCode, head.StatusCode);
        Assert.Equal(got.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task What_has_no_GET_has_no_HEAD_either()
    {
        using var head = await _api.SendAsync(new(HttpMethod.Head, "/_test_url_cache_"));

        Assert.Equal(HttpStatusCode.NotFound, head.StatusCode);
    }

    [Fact]
    public async Task The_log_says_what_was_asked()
    {
        using var head = await _api.SendAsync(new(HttpMethod.Head, "/nowhere/to/be/found"));

        await Until.TrueAsync(() => _host.Log.Lines.Any(line => line.Contains("HEAD /nowhere/to/be/found")), "the refused HEAD is logged");
    }
}
