using System.Net;
using FastEndpoints;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.FastEndpoints;

public sealed class A_throttled_endpoint
{
    private readonly StoppedClock _clock = new();

    [Fact]
    public async Task Answers_429_after_the_last_allowed_hit_of_a_client()
    {
        await using var app = await StartAsync();

        var answers = new[] { await HitAsync(app, "ann"), await HitAsync(app, "ann"), await HitAsync(app, "ann") };

        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NoContent, HttpStatusCode.TooManyRequests], answers.Select(a => a.Status));
        Assert.Equal("You are requesting this endpoint too frequently!", answers[2].Body);
    }

    [Fact]
    public async Task Counts_each_client_for_itself()
    {
        await using var app = await StartAsync();
        await HitAsync(app, "ann");
        await HitAsync(app, "ann");

        Assert.Equal(HttpStatusCode.NoContent, (await HitAsync(app, "bob")).Status);
    }

    [Fact]
    public async Task Counts_anew_when_the_time_is_over()
    {
        await using var app = await StartAsync();
        await HitAsync(app, "ann");
        await HitAsync(app, "ann");
        _clock.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal(HttpStatusCode.NoContent, (await HitAsync(app, "ann")).Status);
    }

    [Fact]
    public async Task Answers_403_to_a_client_that_cannot_be_told_from_others()
    {
        await using var app = await StartAsync();

        var answer = await app.GetAsync("/throttled");

        Assert.Equal((HttpStatusCode.Forbidden, "Forbidden by rate limiting middleware!"), (answer.Status, answer.Body));
    }

    private static Task<EndpointApp.Answer> HitAsync(EndpointApp app, string client) => app.GetAsync("/throttled", ("X-Client", client));

    private Task<EndpointApp> StartAsync()
        => EndpointApp.StartAsync([typeof(ThrottledEndpoint)], build: builder => builder.Services.AddSingleton<TimeProvider>(_clock));

    [DontRegister]
    private sealed class ThrottledEndpoint : EndpointWithoutRequest
    {
        public override void Configure()
        {
            Get("/throttled");
            AllowAnonymous();
            Throttle(hitLimit: 2, durationSeconds: 60, headerName: "X-Client");
        }

        public override Task HandleAsync(CancellationToken ct) => Send.NoContentAsync(ct);
    }
}
