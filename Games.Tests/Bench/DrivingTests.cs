using System.Text.Json;
using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Tests.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Tests.Bench;

public sealed class DrivingTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    private static readonly SoakLoad Short = new(WarmUp: 5, Games: 20, Clients: 2, Parts: 3, Seconds: 1);

    [Fact]
    public void Every_body_is_the_json_of_a_game_with_a_title_of_its_own()
    {
        var bodies = new GameBodies("run");

        var titles = new[] { 0, 1, 123_456_789 }.Select(number => JsonDocument.Parse(bodies[number]).RootElement.GetProperty("title").GetString());

        Assert.Equal(["Bench run 000000000", "Bench run 000000001", "Bench run 123456789"], titles);
    }

    [Theory]
    [InlineData("/games/0198c2f0-7ba1-7a7c-b6ae-2d5e3ac0a3a1", true)]
    [InlineData("http://127.0.0.1:5080/games/0198c2f0-7ba1-7a7c-b6ae-2d5e3ac0a3a1", true)]
    [InlineData("/games", false)]
    [InlineData(null, false)]
    public void A_games_id_is_the_end_of_its_location(string? location, bool found)
    {
        var id = GamePoster.GameIdOf(location is null ? null : new Uri(location, UriKind.RelativeOrAbsolute));

        Assert.Equal(found ? Guid.Parse("0198c2f0-7ba1-7a7c-b6ae-2d5e3ac0a3a1") : null, id);
    }

    [Fact]
    public async Task Refusals_are_counted_by_their_status()
    {
        var requests = 0;
        await using var api = await ApiAsync(_ => Task.FromResult((Interlocked.Increment(ref requests) % 4) switch
        {
            0 => Results.StatusCode(503),
            1 => Results.Ok(),
            2 => Results.Created("/games", value: null),
            _ => Results.Created($"/games/{Guid.NewGuid()}", value: null),
        }));

        var answers = await PostAsync(api, (poster, ct) => ClosedLoop.RunAsync(poster, games: 40, clients: 4, new Progress<double>(), ct));

        Assert.Equal(10, answers.Accepted.Count);
        Assert.Equal(10, answers.RequestMilliseconds.Count);
        Assert.Equal(
            new Dictionary<string, int> { ["503 ServiceUnavailable"] = 10, ["200 OK"] = 10, ["201 without a game's id in Location"] = 10 }
                .OrderBy(refusal => refusal.Key),
            answers.Refused.OrderBy(refusal => refusal.Key));
    }

    [Fact]
    public async Task An_api_that_is_not_there_refuses_every_game()
    {
        var api = await ApiAsync(_ => Task.FromResult(Results.Ok()));
        var address = AddressOf(api);
        await api.DisposeAsync();
        using var poster = new GamePoster(address, TestKey.Text, "run", connections: 2);

        var answers = await ClosedLoop.RunAsync(poster, games: 4, clients: 2, new Progress<double>(), TestContext.Current.CancellationToken);

        Assert.Equal(new Dictionary<string, int> { ["no answer: ConnectionError"] = 4 }, answers.Refused);
    }

    [Fact]
    public async Task A_closed_loop_has_as_many_requests_under_way_as_clients()
    {
        var (underWay, most, all) = (0, 0, new TaskCompletionSource());
        await using var api = await ApiAsync(async _ =>
        {
            var now = Interlocked.Increment(ref underWay);
            most = Math.Max(most, now);
            if (now == 3)
                all.TrySetResult();
            await all.Task;
            Interlocked.Decrement(ref underWay);
            return Results.Created($"/games/{Guid.NewGuid()}", value: null);
        });

        var answers = await PostAsync(api, (poster, ct) => ClosedLoop.RunAsync(poster, games: 30, clients: 3, new Progress<double>(), ct));

        Assert.Equal((30, 3), (answers.Accepted.Count, most));
    }

    [Fact]
    public async Task A_constant_rate_does_not_wait_for_answers_and_counts_from_when_a_request_was_due()
    {
        const int Games = 20;
        var (arrived, all) = (0, new TaskCompletionSource());
        await using var api = await ApiAsync(async _ =>
        {
            if (Interlocked.Increment(ref arrived) == Games)
                all.TrySetResult();
            await all.Task;
            return Results.Created($"/games/{Guid.NewGuid()}", value: null);
        });

        var answers = await PostAsync(api, (poster, ct) => OpenLoop.RunAsync(poster, rate: Games, seconds: 1, new Progress<double>(), ct));

        Assert.Equal(Games, answers.Accepted.Count);
        Assert.InRange(answers.RequestMilliseconds.Max!.Value, (Games - 1) * 1000.0 / Games, double.MaxValue);
        Assert.InRange(answers.RequestMilliseconds.P50!.Value, 450, double.MaxValue);
    }

    [Fact]
    public async Task A_run_passes_when_every_accepted_game_is_announced()
    {
        await using var games = await TablesAsync();
        await using var api = await ApiAsync(_ => StoreAsync(games, announced: true));
        var job = new Job(AddressOf(api), games, TimeSpan.FromSeconds(60));

        await job.WarmUpAsync(games: 5, clients: 2, (_, _) => new Progress<double>(), TestContext.Current.CancellationToken);
        var figures = await job.LoadAsync(games: 50, clients: 4, (_, _) => new Progress<double>(), TestContext.Current.CancellationToken);

        Assert.True(figures.Passed);
        Assert.Equal((50, 50), (figures.Accepted, figures.AnnouncementMilliseconds.Count));
        Assert.InRange(figures.EndToEndPerSecond!.Value, 0.1, figures.AcceptedPerSecond);
    }

    [Fact]
    public async Task A_run_that_loses_one_announcement_fails_and_names_the_game()
    {
        await using var games = await TablesAsync();
        var posted = 0;
        await using var api = await ApiAsync(_ => StoreAsync(games, announced: Interlocked.Increment(ref posted) != 7));
        var job = new Job(AddressOf(api), games, TimeSpan.FromSeconds(1));

        var figures = await job.LatencyAsync(rate: 50, seconds: 1, (_, _) => new Progress<double>(), TestContext.Current.CancellationToken);

        Assert.False(figures.Passed);
        Assert.Null(figures.EndToEndPerSecond);
        Assert.StartsWith("1 accepted, but not announced: ", Assert.Single(figures.Complaints));
    }

    [Fact]
    public async Task A_warm_up_that_is_refused_ends_the_run_with_the_reason()
    {
        await using var games = await TablesAsync();
        await using var api = await ApiAsync(_ => Task.FromResult(Results.StatusCode(503)));
        var job = new Job(AddressOf(api), games, TimeSpan.FromSeconds(1));

        var refused = await Assert.ThrowsAsync<BenchException>(() => job.WarmUpAsync(
            games: 5, clients: 2, (_, _) => new Progress<double>(), TestContext.Current.CancellationToken));

        Assert.Contains("5 × 503 ServiceUnavailable", refused.Message);
    }

    [Fact]
    public async Task A_soak_posts_half_of_what_was_possible_and_shows_every_part()
    {
        await using var games = await TablesAsync();
        await using var api = await ApiAsync(_ => StoreAsync(games, announced: true));
        var mebibytes = 100.0;
        var soak = new Soak(AddressOf(api), games, () => (mebibytes += 10, 50), TimeSpan.FromSeconds(60));

        var figures = await soak.RunAsync(Short, (_, _) => new Progress<double>(), TestContext.Current.CancellationToken);

        Assert.True(figures.Passed);
        Assert.Equal(figures.FullPerSecond / 2, figures.Rate);
        Assert.All(figures.Parts, part => Assert.Equal(Math.Max(1, (int)figures.Rate), part.Accepted));
        Assert.All(figures.Parts, part => Assert.Equal(part.Accepted, part.AnnouncementMilliseconds.Count));
        Assert.Equal([(110, 50), (120, 50), (130, 50)], figures.Parts.Select(part => (part.ApiMebibytes, part.BotMebibytes)));
        Assert.Equal((110, 130), (figures.FirstThird.Single().ApiMebibytes, figures.LastThird.Single().ApiMebibytes));
    }

    [Fact]
    public async Task A_soak_that_loses_one_announcement_fails()
    {
        await using var games = await TablesAsync();
        var posted = 0;
        await using var api = await ApiAsync(_ => StoreAsync(games, announced: Interlocked.Increment(ref posted) != Short.WarmUp + Short.Games + 1));
        var soak = new Soak(AddressOf(api), games, () => (1, 1), TimeSpan.FromSeconds(1));

        var figures = await soak.RunAsync(Short, (_, _) => new Progress<double>(), TestContext.Current.CancellationToken);

        Assert.False(figures.Passed);
        Assert.StartsWith("1 accepted, but not announced: ", Assert.Single(figures.Complaints));
    }

    private static async Task<Answers> PostAsync(WebApplication api, Func<GamePoster, CancellationToken, Task<Answers>> drive)
    {
        using var poster = new GamePoster(AddressOf(api), TestKey.Text, "run", connections: 64);
        return await drive(poster, TestContext.Current.CancellationToken);
    }

    private static async Task<WebApplication> ApiAsync(Func<HttpContext, Task<IResult>> post)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var api = builder.Build();
        api.MapPost("/games", post);
        await api.StartAsync(TestContext.Current.CancellationToken);
        return api;
    }

    private static Uri AddressOf(WebApplication api) => new(api.Urls.Single());

    private async Task<NpgsqlDataSource> TablesAsync()
    {
        var games = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = games.CreateCommand("""
            drop table if exists games, announcements;
            create table games(id uuid primary key, created_at timestamptz not null);
            create table announcements(game_id uuid, created_at timestamptz not null);
            """);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return games;
    }

    private static async Task<IResult> StoreAsync(NpgsqlDataSource games, bool announced)
    {
        var game = Guid.NewGuid();
        var announcement = announced ? $"insert into announcements values ('{game}', now())" : "";
        await using var command = games.CreateCommand($"insert into games values ('{game}', now()); {announcement}");
        await command.ExecuteNonQueryAsync();
        return Results.Created($"/games/{game}", value: null);
    }
}
