using System.Net;
using Games.Tests.Servers;

namespace Games.Tests.Api;

public sealed class OpenApiTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly ApiHost host;
    private readonly HttpClient api;

    public OpenApiTests(TestDatabase database)
    {
        host = new ApiHost(database.ConnectionString);
        api = host.CreateClient();
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task The_document_tells_every_use_case_and_what_it_takes()
    {
        using var response = await api.GetAsync("/openapi.json");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var document = await response.BodyAsync();
        var paths = document["paths"]!.AsObject();
        Assert.Equal(["/events", "/events/{id}", "/games", "/games/{id}"], paths.Select(path => path.Key).Order());
        Assert.NotNull(paths["/games"]!["post"]!["responses"]!["201"]);
        Assert.NotNull(paths["/games"]!["post"]!["responses"]!["400"]);
        Assert.NotNull(paths["/games/{id}"]!["get"]!["responses"]!["404"]);
        var body = document["components"]!["schemas"]!["CreateGameRequest"]!["properties"]!.AsObject();
        Assert.Equal("date-time", (string?)body["scheduledAt"]!["format"]);
        Assert.Contains("maxPlayers", body.Select(property => property.Key));
    }

    [Fact]
    public async Task The_page_that_shows_it_is_at_docs()
    {
        using var response = await api.GetAsync("/docs/index.html");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("swagger-ui", await response.Content.ReadAsStringAsync());
        Assert.Contains("/openapi.json", await api.GetStringAsync("/docs/index.js"));
    }
}
