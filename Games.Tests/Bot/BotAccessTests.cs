using System.Net;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Servers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Bot;

public sealed class BotAccessTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Whoever_has_no_key_gets_the_probes_and_no_more()
    {
        await using var host = new BotHost(database.ConnectionString, ApiHost.NoBroker);
        using var stranger = host.CreateStranger();
        using var operators = host.CreateClient();

        var open = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.Trim('/'));

        Assert.Equal(["/health/live", "/health/ready"], open.Order());
        Assert.All(
            host.Services.GetRequiredService<EndpointDataSource>().Endpoints.Where(x => x.Metadata.GetMetadata<IAllowAnonymous>() is null),
            endpoint => Assert.Contains(endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy, Scope.All));
        Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync("/health/live")).StatusCode);
        foreach (var path in new[] { "/status", "/health/outbox" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await operators.GetAsync(path)).StatusCode);
        }
    }
}
