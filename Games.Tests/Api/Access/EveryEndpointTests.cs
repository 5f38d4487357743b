using System.Net;
using Games.Data;
using Games.Tests.Servers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Api.Access;

/// <summary>All that is mapped, whatever it is: who adds an endpoint and forgets its scope finds it here.</summary>
public sealed class EveryEndpointTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    /// <summary>A calendar client sends no key: the link has a secret of its own, without which there is nothing.</summary>
    private static readonly string[] Calendars = ["/guilds/{guildId}/games.ics", "/games/1/calendar.ics"];

    private static readonly string[] Open = ["/", "/health/live", "/health/ready", "/openapi.json", .. Calendars];

    private readonly ApiHost _host = new(database.ConnectionString, settings: ("RateLimits:PerAddress", "1000"));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Needs_a_key_but_for_the_probes_the_document_and_the_secret_link_of_a_calendar()
    {
        using var stranger = _host.CreateStranger();
        foreach (var (verb, path) in Mapped().Where(call => !Open.Contains(call.Path)))
        {
            using var answer = await stranger.SendAsync(new(new(verb), path));

            await answer.IsProblemAsync(HttpStatusCode.Unauthorized, _host.Log);
            Assert.Equal("Bearer realm=\"games\"", answer.Headers.WwwAuthenticate.ToString());
        }

        foreach (var path in Open)
        {
            using var answer = await stranger.GetAsync(path);
            Assert.True(answer.IsSuccessStatusCode || path is "/health/ready" || Calendars.Contains(path), path);
        }

        foreach (var path in Calendars)
            await (await stranger.GetAsync(path)).IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
    }

    [Fact]
    public async Task Needs_the_scope_that_it_names()
    {
        foreach (var (endpoint, verb, path) in Endpoints().Where(x => !Open.Contains(x.Path) && !x.Path.Contains("_test_url_cache_")))
        {
            // FastEndpoints adds a policy of its own to each.
            var scope = Assert.Single(
                endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(x => x.Policy).OfType<string>().Distinct(),
                policy => !policy.StartsWith("epPolicy:"))!;
            Assert.Contains(scope, Scope.All);
            using var other = await _host.CallerAsync([.. Scope.All.Where(x => x != scope)]);

            using var answer = await other.SendAsync(new(new(verb), path));

            var problem = await answer.IsProblemAsync(HttpStatusCode.Forbidden, _host.Log);
            Assert.Contains(scope, (string?)problem["detail"]);
        }
    }

    [Fact]
    public async Task A_path_that_nobody_mapped_tells_a_stranger_nothing_either()
    {
        using var stranger = _host.CreateStranger();

        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/nowhere")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.CreateClient().GetAsync("/nowhere")).StatusCode);
    }

    private IEnumerable<(string Verb, string Path)> Mapped() => Endpoints().Select(x => (x.Verb, x.Path));

    private IEnumerable<(RouteEndpoint Endpoint, string Verb, string Path)> Endpoints()
    {
        using var starts = _host.CreateClient();
        var endpoints = _host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        Assert.True(endpoints.Count > 5, $"{endpoints.Count} endpoints");

        return from endpoint in endpoints
               from verb in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
               select (endpoint, verb, "/" + endpoint.RoutePattern.RawText!.Trim('/').Replace("{id}", "1").Replace("{sequenceNumber}", "1"));
    }
}
