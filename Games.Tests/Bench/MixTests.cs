using Games.Bench.Driving;
using Games.Bench.Mix;
using Games.Tests.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Bench;

public sealed class MixTests
{
    [Fact]
    public void Of_every_hundred_requests_20_create_60_join_10_leave_8_change_and_2_cancel() => Assert.Equal(
        [(RequestKind.Create, 40), (RequestKind.Join, 120), (RequestKind.Leave, 20), (RequestKind.Change, 16), (RequestKind.Cancel, 4)],
        Enumerable.Range(0, 200).CountBy(RequestKinds.Of).Select(kind => (kind.Key, kind.Value)).OrderBy(kind => kind.Key));

    [Fact]
    public async Task The_first_requests_create_because_there_is_no_game_to_join()
    {
        await using var api = await ApiAsync(_ => { });

        var answers = await SendAsync(api, RequestKind.Join);

        Assert.Equal((RequestKind.Create, true), (answers[0].Kind, answers[0].IsDone));
        Assert.Equal((RequestKind.Join, true), (answers[1].Kind, answers[1].IsDone));
    }

    [Fact]
    public async Task A_change_that_is_stale_is_sent_again_with_the_new_etag()
    {
        var version = 0;
        await using var api = await ApiAsync(app =>
        {
            app.MapGet("/games/{id}", (HttpContext context) => context.Response.Headers.ETag = $"\"{++version}.0\"");
            app.MapPatch("/games/{id}", (HttpContext context) => Results.StatusCode(context.Request.Headers.IfMatch == "\"3.0\"" ? 200 : 412));
        });

        var changed = (await SendAsync(api, RequestKind.Change))[^1];

        Assert.Equal((RequestKind.Change, true, 2), (changed.Kind, changed.IsDone, changed.Stale));
    }

    [Fact]
    public async Task A_conflict_is_expected_of_a_game_that_was_cancelled_and_of_no_other()
    {
        await using var api = await ApiAsync(app =>
        {
            app.MapPost("/games/{id}/cancel", () => Results.StatusCode(503));
            app.MapGet("/games/{id}", () => Results.StatusCode(409));
        });

        var before = (await SendAsync(api, RequestKind.Change))[^1];
        var answers = await SendAsync(api, RequestKind.Cancel, RequestKind.Change);

        Assert.Equal(("409 Conflict", false), (before.Refusal, before.IsExpected));
        Assert.Equal(("503 ServiceUnavailable", false), (answers[^2].Refusal, answers[^2].IsExpected));
        Assert.Equal(("409 Conflict", true), (answers[^1].Refusal, answers[^1].IsExpected));
    }

    [Fact]
    public void Nobody_leaves_twice_and_no_game_is_cancelled_twice()
    {
        var (games, game) = (new KnownGames(), Guid.NewGuid());
        games.Add(game);
        games.AddPlayer(game, "400000000000000001");

        Assert.Equal((game, "400000000000000001"), games.TakePlayer());
        Assert.Null(games.TakePlayer());
        Assert.Equal(game, games.PickToCancel());
        Assert.Null(games.PickToCancel());
        Assert.Equal(game, games.PickOpen());

        games.Remove(game);
        Assert.Null(games.PickOpen());
    }

    [Theory]
    [InlineData(100, 0, null, true)]
    [InlineData(49, 0, null, false)]
    [InlineData(100, 1, null, false)]
    [InlineData(100, 0, "1 announcements with other seats", false)]
    public void A_mix_passes_at_half_the_rate_of_creating_if_nothing_is_refused_or_wrong(int done, int refused, string? wrong, bool passes)
    {
        MixedRequest[] requests =
        [
            .. Enumerable.Repeat(new MixedRequest(RequestKind.Join, Guid.NewGuid(), "1"), done),
            .. Enumerable.Repeat(new MixedRequest(RequestKind.Join, Guid.Empty, "1", "404 NotFound"), refused),
            new(RequestKind.Join, Guid.Empty, "1", "409 Conflict", IsExpected: true),
        ];

        var figures = new MixFigures(
            100,
            CreatesPerSecond: 100,
            MixAnswers.Of(requests, new double[requests.Length], TimeSpan.FromSeconds(1)),
            SecondsToRest: 0,
            wrong is null ? [] : [wrong]);

        Assert.Equal(passes, figures.Passed);
        Assert.Equal(passes, !figures.Complaints.Any());
        Assert.Equal(1, figures.Answers.Expected["Join: 409 Conflict"]);
    }

    /// <summary>One request of each kind, after as many as it takes to have a game.</summary>
    private static async Task<IReadOnlyList<MixedRequest>> SendAsync(WebApplication api, params RequestKind[] kinds)
    {
        using var poster = new GamePoster(new Uri(api.Urls.Single()), TestKey.Text, "run", connections: 2);
        var client = new MixedClient(poster, new KnownGames());
        var numbers = kinds.Select(kind => Enumerable.Range(0, 100).First(number => RequestKinds.Of(number) == kind));
        List<MixedRequest> answers = [];
        foreach (var number in numbers.Prepend(Enumerable.Range(0, 100).First(number => RequestKinds.Of(number) == RequestKind.Join)))
            answers.Add(await client.SendAsync(number, TestContext.Current.CancellationToken));
        return answers;
    }

    private static async Task<WebApplication> ApiAsync(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var api = builder.Build();
        api.MapPost("/games", () => Results.Created($"/games/{Guid.NewGuid()}", value: null));
        api.MapPut("/games/{id}/players/{userId}", () => Results.Ok());
        map(api);
        await api.StartAsync(TestContext.Current.CancellationToken);
        return api;
    }
}
