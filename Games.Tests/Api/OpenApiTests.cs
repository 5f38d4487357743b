using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Games.Tests.Architecture;
using Games.Tests.Servers;

namespace Games.Tests.Api;

public sealed class OpenApiTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly string ExpectedPath = Repository.PathOf("Games.Tests/Api/openapi.json");

    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public OpenApiTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString);
        _api = _host.CreateClient();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_document_is_the_one_that_is_written_down()
    {
        var expected = await File.ReadAllTextAsync(ExpectedPath);

        using var response = await _api.GetAsync("/openapi.json");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var served = Sorted(await response.BodyAsync())!.ToJsonString(Readable) + "\n";
        if (served == expected)
            return;

        var servedPath = Path.Combine(AppContext.BaseDirectory, "openapi.json");
        await File.WriteAllTextAsync(servedPath, served);
        var difference = served.Split('\n').Except(expected.Split('\n')).Concat(expected.Split('\n').Except(served.Split('\n'))).FirstOrDefault();
        Assert.Fail($"""
            The API's document has changed, for example:{difference}
            If that is meant, take it over, read the diff and commit it:
                cp '{servedPath}' '{ExpectedPath}'
            """);
    }

    [Fact]
    public async Task Every_operation_says_what_it_is_for_and_how_it_fails()
    {
        var paths = (await (await _api.GetAsync("/openapi.json")).BodyAsync())["paths"]!.AsObject();

        var operations = paths
            .SelectMany(path => path.Value!.AsObject().Select(operation => (Name: $"{operation.Key} {path.Key}", operation.Value)))
            .ToList();

        Assert.NotEmpty(operations);
        Assert.All(operations, operation =>
        {
            Assert.NotEmpty(operation.Value!["tags"]!.AsArray());
            Assert.NotEmpty((string)operation.Value["summary"]!);
            Assert.Contains(operation.Value["responses"]!.AsObject(), response => response.Key[0] is '2');
            Assert.Contains(operation.Value["responses"]!.AsObject(), response => response.Key[0] is '4');
            Assert.Equal(
                operation.Name.Split(' ')[0] is "post" or "put" or "patch" && operation.Name is not "post /guilds/{guildId}/calendar",
                operation.Value["requestBody"] is not null);
        });
    }

    [Fact]
    public async Task The_page_that_shows_it_is_at_docs_and_needs_no_other_host()
    {
        using var response = await _api.GetAsync("/docs/index.html");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var page = await response.Content.ReadAsStringAsync();
        Assert.Contains("swagger-ui", page);
        Assert.DoesNotContain("https://", page);
        Assert.Contains("/openapi.json", await _api.GetStringAsync("/docs/index.js"));
        Assert.Equal(HttpStatusCode.OK, (await _api.GetAsync("/docs/swagger-ui-bundle.js")).StatusCode);
    }

    [Fact]
    public async Task The_list_of_all_endpoints_that_FastEndpoints_has_for_its_tests_is_not_served()
    {
        using var response = await _api.GetAsync("/_test_url_cache_");

        await response.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
    }

    // Endpoints are found in the order in which the compiler met them, which no reader should see in a diff.
    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(
            members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
