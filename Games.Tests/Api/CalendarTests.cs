using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Games.Data;
using Games.Tests.Api.Access;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Games.Tests.Api;

/// <summary>The calendar of one game, by a key, and that of a guild, by its secret link.</summary>
public sealed class CalendarTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private static long _lastGuild = 100000000000005000;

    private readonly TestDatabase _database;
    private readonly ApiHost _host;
    private readonly HttpClient _api;
    private readonly HttpClient _calendar;
    private readonly string _guild = $"{Interlocked.Increment(ref _lastGuild)}";

    public CalendarTests(TestDatabase database)
    {
        _database = database;
        _host = new ApiHost(database.ConnectionString, settings: ("RateLimits:PerAddress", "1000"));
        _api = _host.CreateClient();
        _calendar = _host.CreateStranger();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task One_game_is_answered_once_and_then_as_not_modified_until_it_changes()
    {
        var game = await _api.CreateGameAsync(Requests.ValidGame("guildId", _guild));
        var path = $"/games/{game["id"]}.ics";

        using var first = await _api.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal("text/calendar; charset=utf-8", first.Content.Headers.ContentType?.ToString());
        Assert.Contains($"UID:{game["id"]}\r\n", await first.Content.ReadAsStringAsync());
        using var same = await AskAsync(_api, path, first.Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        Assert.Equal(first.Headers.ETag, same.Headers.ETag);
        Assert.Empty(await same.Content.ReadAsByteArrayAsync());

        using var cancelled = await _api.PostAsJsonAsync($"/games/{game["id"]}/cancel", new { reason = "ill" });
        Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
        using var changed = await AskAsync(_api, path, first.Headers.ETag!);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        var text = await changed.Content.ReadAsStringAsync();
        Assert.Contains("SEQUENCE:1\r\n", text);
        Assert.Contains("STATUS:CANCELLED\r\n", text);
    }

    [Theory]
    [InlineData("019aa000-0000-7000-8000-000000000001")]
    [InlineData("42")]
    [InlineData("x.ics")]
    public async Task An_id_that_names_no_game_is_not_found(string id)
    {
        using var response = await _api.GetAsync($"/games/{id}.ics");

        await response.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
    }

    [Fact]
    public async Task A_game_of_a_guild_that_the_key_is_not_for_is_not_found()
    {
        var game = await _api.CreateGameAsync(Requests.ValidGame("guildId", _guild));
        using var other = await _host.CallerAsync([Scope.GamesRead], "100000000000000009");

        using var response = await other.GetAsync($"/games/{game["id"]}.ics");

        await response.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
    }

    [Fact]
    public async Task A_link_opens_the_games_of_its_guild_without_a_key()
    {
        var game = await _api.CreateGameAsync(Requests.ValidGame("guildId", _guild));
        var foreign = await _api.CreateGameAsync(Requests.ValidGame("guildId", "100000000000000009"));
        var link = await CreateLinkAsync();

        using var feed = await _calendar.GetAsync(link);

        Assert.Equal(HttpStatusCode.OK, feed.StatusCode);
        Assert.Equal("text/calendar; charset=utf-8", feed.Content.Headers.ContentType?.ToString());
        Assert.True(feed.Headers.CacheControl is { Private: true, NoCache: true }, $"{feed.Headers.CacheControl}");
        var text = await feed.Content.ReadAsStringAsync();
        Assert.Contains($"UID:{game["id"]}\r\n", text);
        Assert.DoesNotContain($"{foreign["id"]}", text);
        using var same = await AskAsync(_calendar, link, feed.Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
    }

    [Fact]
    public async Task A_feed_goes_90_days_back()
    {
        var now = DateTimeOffset.UtcNow;
        var (old, recent) = (StartingAt(now.AddDays(-90).AddHours(-1)), StartingAt(now.AddDays(-90).AddHours(1)));
        await AddAsync(old, recent);

        var text = await _calendar.GetStringAsync(await CreateLinkAsync());

        Assert.Contains($"{recent.Id}", text);
        Assert.DoesNotContain($"{old.Id}", text);
    }

    [Fact]
    public async Task A_feed_has_a_thousand_games_at_most_those_to_come_before_those_that_were()
    {
        // Two that were and 999 to come.
        var start = DateTimeOffset.UtcNow.AddMinutes(-90);
        Game[] games = [.. Enumerable.Range(0, 1_001).Select(hours => StartingAt(start.AddHours(hours)))];
        await AddAsync([.. games.Reverse()]);

        var text = await _calendar.GetStringAsync(await CreateLinkAsync());

        Assert.Equal(
            games[1..].Select(game => $"UID:{game.Id}"),
            text.Split("\r\n").Where(line => line.StartsWith("UID:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_new_link_ends_the_old_one_and_a_revocation_ends_it_too()
    {
        var old = await CreateLinkAsync();
        var link = await CreateLinkAsync();

        Assert.Equal(HttpStatusCode.NotFound, (await _calendar.GetAsync(old)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _calendar.GetAsync(link)).StatusCode);

        foreach (var _ in new[] { "first", "repeat" })
        {
            using var revoked = await _api.DeleteAsync($"/guilds/{_guild}/calendar");
            Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
            await (await _calendar.GetAsync(link)).IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
        }
    }

    [Fact]
    public async Task Of_links_that_are_made_at_once_one_works()
    {
        var links = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CreateLinkAsync()));

        var answers = await Task.WhenAll(links.Select(link => _calendar.GetAsync(link)));

        Assert.Single(answers, answer => answer.StatusCode is HttpStatusCode.OK);
        Assert.Equal(7, answers.Count(answer => answer.StatusCode is HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task Whatever_is_wrong_with_a_link_the_answer_is_the_same()
    {
        var secret = (await CreateLinkAsync()).Split('=')[1];
        string[] wrong =
        [
            $"/guilds/{_guild}/games.ics",
            $"/guilds/{_guild}/games.ics?secret=",
            $"/guilds/{_guild}/games.ics?secret={secret[..^1]}",
            $"/guilds/{_guild}/games.ics?secret={secret.ToUpperInvariant()}",
            $"/guilds/{_guild}/games.ics?secret={CalendarFeed.NewSecret()}",
            $"/guilds/100000000000000404/games.ics?secret={secret}",
            $"/guilds/nobody/games.ics?secret={secret}",
        ];

        var answers = new List<string>();
        foreach (var link in wrong)
        {
            var problem = await (await _calendar.GetAsync(link)).IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
            problem.Remove("traceId");
            answers.Add(problem.ToJsonString());
        }

        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task A_key_makes_and_revokes_links_of_its_guilds_alone()
    {
        var link = await CreateLinkAsync();
        using var other = await _host.CallerAsync([Scope.GamesWrite], "100000000000000009");

        using var created = await other.PostAsync($"/guilds/{_guild}/calendar", content: null);
        using var revoked = await other.DeleteAsync($"/guilds/{_guild}/calendar");

        await created.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
        await revoked.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
        Assert.Equal(HttpStatusCode.OK, (await _calendar.GetAsync(link)).StatusCode);
    }

    [Fact]
    public async Task A_guild_that_is_no_Discord_id_is_refused_by_its_name()
    {
        using var created = await _api.PostAsync("/guilds/42/calendar", content: null);
        using var revoked = await _api.DeleteAsync("/guilds/42/calendar");

        await created.NamesAsync("guildId", _host.Log);
        await revoked.NamesAsync("guildId", _host.Log);
    }

    [Fact]
    public async Task Whoever_guesses_links_is_counted_by_his_address()
    {
        await using var host = new ApiHost(_database.ConnectionString, settings: ("RateLimits:PerAddress", "2"));
        using var stranger = host.CreateStranger();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => stranger.GetAsync($"/guilds/{_guild}/games.ics?secret={CalendarFeed.NewSecret()}")));

        Assert.Contains(answers, answer => answer.StatusCode is HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task The_secret_is_neither_in_the_database_nor_in_a_log_whatever_is_logged()
    {
        await using var host = new ApiHost(
            _database.ConnectionString,
            settings: [("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"), ApiHost.FreePort]);
        host.UseKestrel();
        using var caller = host.CreateClient();
        using var stranger = host.CreateStranger();
        using var created = await caller.PostAsync($"/guilds/{_guild}/calendar", content: null);
        var link = (string)(await created.BodyAsync())["url"]!;
        var secret = link.Split('=')[1];
        Assert.Matches("^calendar_[0-9a-f]{64}$", secret);

        Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync(link)).StatusCode);
        using var revoked = await caller.DeleteAsync($"/guilds/{_guild}/calendar");
        await (await stranger.GetAsync(link)).IsProblemAsync(HttpStatusCode.NotFound, host.Log);

        Assert.Contains(host.Log.Lines, line => line.Contains($"/guilds/{_guild}/games.ics", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains(secret["calendar_".Length..], StringComparison.OrdinalIgnoreCase));
        await CreateLinkAsync();
        await using var source = NpgsqlDataSource.Create(_database.ConnectionString);
        await using var rows = source.CreateCommand($"select calendar_feeds::text from calendar_feeds where guild_id = '{_guild}'");
        Assert.DoesNotContain("calendar_", (string)(await rows.ExecuteScalarAsync())!);
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, string path, EntityTagHeaderValue known)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.IfNoneMatch.Add(known);
        return await client.SendAsync(request);
    }

    private Game StartingAt(DateTimeOffset start) => NewGame.With(_guild, scheduledAt: start, now: start.AddDays(-1));

    private async Task<string> CreateLinkAsync()
    {
        using var created = await _api.PostAsync($"/guilds/{_guild}/calendar", content: null);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        return (string)(await created.BodyAsync())["url"]!;
    }

    private async Task AddAsync(params Game[] games)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        db.AddRange(games);
        await db.SaveChangesAsync();
    }
}
