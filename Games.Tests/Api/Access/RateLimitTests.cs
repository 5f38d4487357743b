using System.Net;
using Games.Tests.Servers;

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
}
