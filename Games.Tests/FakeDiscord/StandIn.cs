using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Games.FakeDiscord;
using Microsoft.AspNetCore.Builder;

namespace Games.Tests.FakeDiscord;

/// <summary>The stand-in on a free port, and two who speak to it: a bot, and whoever plays the people.</summary>
internal sealed class StandIn : IAsyncDisposable
{
    public const string Guild = "100000000000000001";
    public const string Channel = "200000000000000001";
    public const string Anna = "300000000000000001";
    public const string Ben = "300000000000000002";
    public const string BotId = "900000000000000001";
    public const string Messages = $"channels/{Channel}/messages";

    private readonly WebApplication _app;

    private StandIn(WebApplication app)
    {
        _app = app;
        Address = app.Urls.Single();
        Bot = new() { BaseAddress = new($"{Address}/api/v10/") };
        Bot.DefaultRequestHeaders.Authorization = new("Bot", "a.test.token");
        Bot.DefaultRequestHeaders.UserAgent.ParseAdd("DiscordBot (https://example.org, 1)");
        Fake = new() { BaseAddress = new($"{Address}/_fake/") };
    }

    public string Address { get; }

    public HttpClient Bot { get; }

    public HttpClient Fake { get; }

    public static async Task<StandIn> StartAsync(TimeProvider? time = null)
    {
        var app = FakeDiscordServer.Create(["--urls", "http://127.0.0.1:0"], time);
        await app.StartAsync();
        return new(app);
    }

    public static Task<HttpResponseMessage> SendAsync(HttpClient client, string method, string path, string? body = null) =>
        client.SendAsync(new(new(method), path) { Content = body is null ? null : new StringContent(body, null, "application/json") });

    public async Task<JsonObject> OkAsync(string method, string path, string? body = null) => await OkAsync(Bot, method, path, body);

    public async Task<JsonObject> FakeAsync(string method, string path, string? body = null) => await OkAsync(Fake, method, path, body);

    public Task<JsonObject> PostAsync(string content) => OkAsync("POST", Messages, new JsonObject { ["content"] = content }.ToJsonString());

    /// <summary>The status and the code of a refusal.</summary>
    public async Task<(int Status, int Code)> RefusedAsync(string method, string path, string? body = null)
    {
        using var answer = await SendAsync(Bot, method, path, body);
        Assert.False(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return ((int)answer.StatusCode, (int)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["code"]!);
    }

    public Task PutFaultsAsync(string faults) => FakeAsync("PUT", "faults", $$"""{"faults":[{{faults}}]}""");

    public async ValueTask DisposeAsync()
    {
        Bot.Dispose();
        Fake.Dispose();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private static async Task<JsonObject> OkAsync(HttpClient client, string method, string path, string? body)
    {
        using var answer = await SendAsync(client, method, path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? [] : JsonNode.Parse(text) as JsonObject ?? new() { ["list"] = JsonNode.Parse(text) };
    }
}
