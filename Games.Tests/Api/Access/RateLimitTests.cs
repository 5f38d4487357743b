using System.Net;
using Games.Tests.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Api.Access;

public sealed class RateLimitTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Limit = 2;
    private const int Enough = 20;

    [Fact]
    public async Task A_key_that_asks_too_often_is_told_when_to_come_back_and_another_is_not()
    {
        await using var host = new ApiHost(database.ConnectionString, settings: ("RateLimits:PerKey", $"{Limit}"));
        using var other = await host.CallerAsync(["games:read"]);
        using var caller = host.CreateClient();

        var answers = await Task.WhenAll(Enumerable.Range(0, Enough).Select(_ => caller.GetAsync("/games")));

        var refused = answers.First(answer => answer.StatusCode is not HttpStatusCode.OK);
        await refused.IsProblemAsync(HttpStatusCode.TooManyRequests, host.Log);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/games")).StatusCode);
        await Until.TrueAsync(async () => (await caller.GetAsync("/games")).StatusCode is HttpStatusCode.OK, "it may ask again");
    }

    [Fact]
    public async Task Strangers_are_counted_by_address_and_cost_nobody_else_anything()
    {
        await using var host = new ApiHost(database.ConnectionString, settings: ("RateLimits:PerAddress", $"{Limit}"));
        using var stranger = host.CreateStranger();
        using var caller = host.CreateClient();

        var answers = await Task.WhenAll(Enumerable.Range(0, Enough).Select(_ => stranger.GetAsync("/games")));
        var probes = await Task.WhenAll(Enumerable.Range(0, Enough).Select(_ => stranger.GetAsync("/health/live")));

        Assert.Contains(answers, answer => answer.StatusCode is HttpStatusCode.TooManyRequests);
        Assert.All(probes, probe => Assert.Equal(HttpStatusCode.OK, probe.StatusCode));
        Assert.Equal(HttpStatusCode.OK, (await caller.GetAsync("/games")).StatusCode);
    }

    [Theory]
    [InlineData("2001:db8::1", "2001:db8:0:0:ffff::2")]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1")]
    public async Task Addresses_of_one_network_count_together(string one, string other)
    {
        await using var host = HostWithAddresses();
        using var stranger = host.CreateStranger();

        await Until.TrueAsync(
            async () =>
            {
                await Task.WhenAll(Enumerable.Range(0, Enough).Select(_ => AskAsync(stranger, one)));
                return await AskAsync(stranger, other) is HttpStatusCode.TooManyRequests;
            },
            "what the one asks is counted for the other");
    }

    [Theory]
    [InlineData("2001:db8::1", "2001:db8:0:1::1")]
    [InlineData("::ffff:192.0.2.1", "::ffff:192.0.2.2")]
    public async Task Addresses_of_two_networks_count_apart(string one, string other)
    {
        await using var host = HostWithAddresses();
        using var stranger = host.CreateStranger();
        await Task.WhenAll(Enumerable.Range(0, Enough).Select(_ => AskAsync(stranger, one)));

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(stranger, other));
    }

    private ApiHost HostWithAddresses() => new(
        database.ConnectionString,
        services: services => services.AddSingleton<IStartupFilter, AddressOfHeader>(),
        settings: ("RateLimits:PerAddress", $"{Limit}"));

    private static async Task<HttpStatusCode> AskAsync(HttpClient stranger, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/games");
        request.Headers.Add(AddressOfHeader.Name, address);
        using var answer = await stranger.SendAsync(request);
        return answer.StatusCode;
    }

    /// <summary>The test server has no network: a header says where a request comes from.</summary>
    private sealed class AddressOfHeader : IStartupFilter
    {
        public const string Name = "X-Test-Address";

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                context.Connection.RemoteIpAddress = IPAddress.Parse(context.Request.Headers[Name].ToString());
                return rest(context);
            });
            next(app);
        };
    }
}
