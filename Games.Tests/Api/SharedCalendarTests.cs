using System.Net;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Api;

/// <summary>The link in an announcement: whoever clicks it in Discord has no key.</summary>
public sealed class SharedCalendarTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly ApiHost _host = new(database.ConnectionString, settings: ("RateLimits:PerAddress", "1000"));

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Opens_its_game_without_a_key_and_is_kept_by_no_proxy()
    {
        var announced = await AnnounceAsync();
        using var person = _host.CreateStranger();

        using var file = await person.GetAsync(LinkTo(announced.GameId, announced.CalendarSecret));

        Assert.Equal(HttpStatusCode.OK, file.StatusCode);
        Assert.Equal("text/calendar; charset=utf-8", file.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-cache, private", file.Headers.CacheControl?.ToString());
        Assert.Contains($"UID:{announced.GameId}\r\n", await file.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Whatever_is_wrong_with_it_the_answer_is_the_same()
    {
        var (announced, other) = (await AnnounceAsync(), await AnnounceAsync());
        using var person = _host.CreateStranger();
        string[] wrong =
        [
            LinkTo(announced.GameId, other.CalendarSecret),
            LinkTo(announced.GameId, ""),
            LinkTo(announced.GameId, announced.CalendarSecret[..^1]),
            LinkTo(announced.GameId, announced.CalendarSecret.ToUpperInvariant()),
            LinkTo(Guid.CreateVersion7(), announced.CalendarSecret),
            $"/games/{announced.GameId}/calendar.ics",
            $"/games/42/calendar.ics?secret={announced.CalendarSecret}",
        ];

        var answers = new List<string>();
        foreach (var link in wrong)
        {
            var problem = await (await person.GetAsync(link)).IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
            problem.Remove("traceId");
            answers.Add(problem.ToJsonString());
        }

        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task Its_secret_is_in_no_answer_of_the_API()
    {
        var announced = await AnnounceAsync();
        using var caller = _host.CreateClient();

        Assert.DoesNotContain(announced.CalendarSecret, await caller.GetStringAsync($"/games/{announced.GameId}"));
    }

    private static string LinkTo(Guid game, string secret) => $"/games/{game}/calendar.ics?secret={secret}";

    private async Task<Announcement> AnnounceAsync()
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        var game = NewGame.With();
        var announcement = Announcement.For(game, "the text", NewGame.Now);
        db.AddRange(game, announcement);
        await db.SaveChangesAsync();
        return announcement;
    }
}
