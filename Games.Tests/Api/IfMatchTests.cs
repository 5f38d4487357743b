using System.Net;
using Games.Tests.Servers;

namespace Games.Tests.Api;

/// <summary>A change is of the game that the caller has seen.</summary>
public sealed class IfMatchTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public IfMatchTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString);
        _api = _host.CreateClient();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("*")]
    [InlineData("\"1\"")]
    [InlineData("\"1.0\"")]
    [InlineData("\"1.7m\"")]
    [InlineData("\"7.0\", \"1.0\"")]
    [InlineData("W/\"1.0\", \"1.0\"")]
    public async Task If_Match_lets_the_version_pass_that_the_caller_has_seen(string tags)
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PatchGameAsync(id, """{"location":"Voice 2"}""", tags);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("\"2.0\"")]
    [InlineData("\"0.0\"")]
    [InlineData("\"x\"")]
    [InlineData("\"\"")]
    [InlineData("\"7.0\", \"8.0\"")]
    // RFC 9110, 13.1.1: a weak tag never matches here.
    [InlineData("W/\"1.0\"")]
    public async Task A_stale_tag_changes_nothing(string tags)
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PatchGameAsync(id, """{"location":"Voice 2"}""", tags);

        await response.IsProblemAsync(HttpStatusCode.PreconditionFailed, _host.Log);
        Assert.Equal(1, (int?)(await _api.GetGameAsync(id))["version"]);
    }

    [Fact]
    public async Task Several_headers_are_several_tags()
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var response = await _api.PatchGameAsync(id, """{"location":"Voice 2"}""", "\"7.0\"", "\"1.0\"");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Without_If_Match_a_caller_is_asked_for_it()
    {
        var id = (await _api.CreateGameAsync()).IdOf();

        using var missing = await _api.PatchGameAsync(id, """{"location":"Voice 2"}""");
        using var unreadable = await _api.PatchGameAsync(id, """{"location":"Voice 2"}""", "1.0");

        await missing.IsProblemAsync(HttpStatusCode.PreconditionRequired, _host.Log);
        await unreadable.IsProblemAsync(HttpStatusCode.PreconditionRequired, _host.Log);
    }
}
