using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Games.Tests.Api;

/// <summary>What a caller sends, as JSON text and not as our own types: those would hide a renamed field.</summary>
internal static class Requests
{
    public static JsonObject ValidGame() => new()
    {
        ["guildId"] = "100000000000000001",
        ["channelId"] = "200000000000000001",
        ["hostId"] = "300000000000000001",
        ["title"] = "Friday raid",
        ["description"] = "bring snacks",
        ["location"] = "Voice 1",
        ["scheduledAt"] = "2131-01-01T20:00:00+01:00",
        ["durationMinutes"] = 120,
        ["maxPlayers"] = 5,
    };

    public static JsonObject ValidGame(string field, JsonNode? value)
    {
        var game = ValidGame();
        game[field] = value;
        return game;
    }

    public static JsonObject ValidGameWithout(string field)
    {
        var game = ValidGame();
        game.Remove(field);
        return game;
    }

    public static Task<HttpResponseMessage> PostGameAsync(this HttpClient api, JsonObject game) =>
        api.PostTextAsync(game.ToJsonString());

    public static Task<HttpResponseMessage> PostTextAsync(this HttpClient api, string body, string contentType = "application/json") =>
        api.PostAsync("/games", new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(contentType)));

    public static async Task<JsonObject> BodyAsync(this HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<JsonObject>())!;

    public static async Task<JsonObject> CreateGameAsync(this HttpClient api, JsonObject? game = null)
    {
        using var response = await api.PostGameAsync(game ?? ValidGame());
        response.EnsureSuccessStatusCode();
        return await response.BodyAsync();
    }
}
