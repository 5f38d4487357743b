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
    public async Task A_path_that_nobody_serves_is_not_found()
    {
        using var response = await _api.GetAsync("/nowhere\n");

        await response.IsProblemAsync(HttpStatusCode.NotFound, _host.Log);
    }
}
