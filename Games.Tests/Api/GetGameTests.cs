using System.Net;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Api;

public sealed class GetGameTests : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private readonly ApiHost _host;
    private readonly HttpClient _api;

    public GetGameTests(TestDatabase database)
    {
        _host = new ApiHost(database.ConnectionString);
        _api = _host.CreateClient();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_game_that_is_announced_shows_its_announcement()
    {
        var game = NewGame.With();
        var announcement = Announcement.For(game, "the text", NewGame.Now);
        await using (var scope = _host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
            db.AddRange(game, announcement);
            await db.SaveChangesAsync();
        }

        using var response = await _api.GetAsync($"/games/{game.Id}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var shown = (await response.BodyAsync())["announcement"]!;
        Assert.Equal(announcement.ChannelId, (string?)shown["channelId"]);
        Assert.Equal(announcement.Text, (string?)shown["text"]);
        Assert.Equal(announcement.CreatedAt, (DateTimeOffset?)shown["createdAt"]);
        Assert.True(shown.AsObject().ContainsKey("messageId"));
        Assert.Null(shown["messageId"]);
    }

    [Theory]
    [InlineData("019aa000-0000-7000-8000-000000000001")]
    [InlineData("42")]
    [InlineData("not-a-uuid")]
    [InlineData("019aa000-0000-7000-8000-00000000000g")]
    public async Task An_id_that_names_no_game_is_not_found(string id)
    {
        using var response = await _api.GetAsync($"/games/{id}");

        await response.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
    }

    [Fact]
    public async Task Whoever_has_read_the_game_need_not_read_it_again_until_it_changes()
    {
        var id = (await _api.CreateGameAsync()).IdOf();
        using var first = await _api.GetAsync($"/games/{id}");
        var tag = first.Headers.ETag!;
        Assert.Equal((HttpStatusCode.OK, "\"1.0\"", false), (first.StatusCode, tag.Tag, tag.IsWeak));

        foreach (var seen in new[] { tag.Tag, $"W/{tag.Tag}", $"\"7.0\", {tag.Tag}", "*" })
        {
            using var again = await IfNoneMatchAsync(id, seen);
            Assert.Equal((HttpStatusCode.NotModified, ""), (again.StatusCode, await again.Content.ReadAsStringAsync()));
            Assert.Equal(tag, again.Headers.ETag);
        }

        await _api.JoinGameAsync(id);
        using var changed = await IfNoneMatchAsync(id, tag.Tag);
        Assert.Equal((HttpStatusCode.OK, "\"2.0\""), (changed.StatusCode, changed.Headers.ETag?.Tag));
    }

    [Fact]
    public async Task An_announcement_that_comes_is_another_tag_of_the_same_version()
    {
        var game = NewGame.With();
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<GamesDbContext>();
        db.Add(game);
        await db.SaveChangesAsync();
        using var before = await _api.GetAsync($"/games/{game.Id}");

        db.Add(Announcement.For(game, "the text", NewGame.Now));
        await db.SaveChangesAsync();

        using var after = await IfNoneMatchAsync(game.Id, before.Headers.ETag!.Tag);
        Assert.Equal((HttpStatusCode.OK, "\"1.1\""), (after.StatusCode, after.Headers.ETag?.Tag));
        // What is to be changed is the game, which is the same.
        using var change = await _api.PatchGameAsync(game.Id, "{}", before.Headers.ETag!.Tag);
        Assert.Equal(HttpStatusCode.OK, change.StatusCode);
    }

    private async Task<HttpResponseMessage> IfNoneMatchAsync(Guid id, string tags)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/games/{id}");
        request.Headers.TryAddWithoutValidation("If-None-Match", tags);
        return await _api.SendAsync(request);
    }

    [Fact]
    public async Task A_path_that_nobody_serves_is_not_found()
    {
        using var response = await _api.GetAsync("/nowhere\n");

        await response.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
    }
}
