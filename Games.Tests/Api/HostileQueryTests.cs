using System.Net;
using System.Text;
using FastEndpoints;
using Games.Tests.Servers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Api;

public sealed class HostileQueryTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private const int Clients = 10;

    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public HostileQueryTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString, settings: ("Journal:Dispatch", "false"));
        _api = _host.CreateClient();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task What_PostgreSQL_cannot_hold_is_refused_and_harms_nobody_beside_it()
    {
        var good = new[] { "/events?type=test.event", "/events?channel=events", "/games?status=scheduled" };
        var bad = new[] { "/events?type=%00", "/events?channel=a%00b", "/games?cursor=%00", "/games?guildId=1234567890123456%00" };

        await Parallel.ForAsync(0, Clients, async (_, ct) =>
        {
            foreach (var query in Enumerable.Range(0, 20).SelectMany(_ => good.Zip(bad).SelectMany(x => new[] { x.First, x.Second })))
            {
                using var response = await _api.GetAsync(query, ct);
                Assert.Equal((query, good.Contains(query) ? HttpStatusCode.OK : HttpStatusCode.BadRequest), (query, response.StatusCode));
            }
        });
    }

    [Fact]
    public async Task No_text_in_the_address_of_any_endpoint_is_an_error_of_the_server()
    {
        var endpoints = _host.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Select(endpoint => (Route: endpoint.RoutePattern, Definition: endpoint.Metadata.GetMetadata<EndpointDefinition>()))
            .Where(endpoint => endpoint.Definition is not null)
            .ToList();
        Assert.Contains(endpoints, endpoint => endpoint.Route.RawText!.Contains("/ops/", StringComparison.Ordinal));

        foreach (var (route, definition) in endpoints)
        {
            foreach (var text in (string[])["%00", "a%00b", "5%00", "%ED%A0%80", "%EF%BF%BF", "%F0%9F%8E%B2", new string('9', 3000)])
            {
                // U+0000 in a path is refused by the server itself, which in a test is another one.
                var inPath = text.Replace("%00", "");
                var path = route.Parameters.Aggregate(route.RawText!, (raw, parameter) => raw.Replace($"{{{parameter.Name}}}", inPath));
                var names = definition!.ReqDtoType.GetProperties()
                    .Where(x => x.IsDefined(typeof(QueryParamAttribute), inherit: true)).Select(x => x.Name).ToList();
                foreach (var name in names.DefaultIfEmpty("x"))
                {
                    using var response = await _api.SendAsync(new(new HttpMethod(definition.Verbs[0]), $"{path}?{name}={text}"));

                    Assert.True((int)response.StatusCode < 500, $"{definition.Verbs[0]} {path}?{name}={text}: {response.StatusCode}");
                    // Without a value in its path it is another path.
                    if (text.Contains("%00") && names.Count > 0 && (inPath is not "" || route.Parameters.Count == 0))
                        Assert.Equal((path, name, HttpStatusCode.BadRequest), (path, name, response.StatusCode));
                }
            }
        }
    }

    [Theory]
    [InlineData("/events?type=a&type=b", "type")]
    [InlineData("/events?state=pending&state=dispatched", "state")]
    [InlineData("/events?channel=a&Channel=a", "channel")]
    [InlineData("/games?status=scheduled&status=", "status")]
    [InlineData("/games?limit=1&limit=2", "limit")]
    [InlineData("/games?status=", "status")]
    [InlineData("/games?limit=", "limit")]
    public async Task A_filter_is_one_value_and_never_quietly_another(string path, string field)
    {
        using var response = await _api.GetAsync(path);

        await response.NamesAsync(field, _host.Log);
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{ "status": "scheduled,cancelled", "limit": 0 }""")]
    public async Task A_list_has_no_body_and_whoever_sends_one_is_not_heard(string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/games") { Content = new StringContent(body, Encoding.UTF8, "application/json") };

        using var response = await _api.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
