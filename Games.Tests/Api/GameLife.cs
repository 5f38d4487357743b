using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Npgsql;

namespace Games.Tests.Api;

/// <summary>What a caller sends to a game that is there, and what the database has of it.</summary>
internal static class GameLife
{
    public const string Player = "400000000000000001";

    public static Guid IdOf(this JsonObject game) => (Guid)game["id"]!;

    /// <param name="ifMatch">As one header each; none for none.</param>
    public static async Task<HttpResponseMessage> PatchGameAsync(this HttpClient api, object id, string body, params string[] ifMatch)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"/games/{id}") { Content = Json(body) };
        foreach (var tag in ifMatch)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        return await api.SendAsync(request);
    }

    /// <summary>The game as it is after the change.</summary>
    public static async Task<JsonObject> ChangeGameAsync(this HttpClient api, Guid id, string body) => await Ok(api.PatchGameAsync(id, body, "*"));

    public static Task<HttpResponseMessage> PostCancelAsync(this HttpClient api, object id, string? body = null) =>
        api.PostAsync($"/games/{id}/cancel", body is null ? null : Json(body));

    public static async Task<JsonObject> CancelGameAsync(this HttpClient api, Guid id) => await Ok(api.PostCancelAsync(id));

    public static Task<HttpResponseMessage> PutPlayerAsync(this HttpClient api, object id, string userId = Player, string? body = null) =>
        api.PutAsync($"/games/{id}/players/{userId}", body is null ? null : Json(body));

    public static async Task<JsonObject> JoinGameAsync(this HttpClient api, Guid id, string userId = Player) =>
        await Ok(api.PutPlayerAsync(id, userId));

    public static Task<HttpResponseMessage> DeletePlayerAsync(this HttpClient api, object id, string userId = Player) =>
        api.DeleteAsync($"/games/{id}/players/{userId}");

    public static async Task<JsonObject> GetGameAsync(this HttpClient api, Guid id) => await Ok(api.GetAsync($"/games/{id}"));

    public static string[] UserIds(this JsonObject game, string list) => [.. game[list]!.AsArray().Select(x => (string)x!["userId"]!)];

    /// <summary>What the transactions of a game have put into the outbox, in the order in which it leaves. No broker takes it.</summary>
    public static async Task<List<(string Type, JsonObject Message)>> EventsAsync(this NpgsqlDataSource database, Guid game)
    {
        await using var command = database.CreateCommand(
            """
            SELECT "MessageType", "Body" FROM "OutboxMessage" WHERE "OrderingKey" = $1 ORDER BY "SequenceNumber"
            """);
        command.Parameters.Add(new() { Value = $"game {game}" });
        await using var reader = await command.ExecuteReaderAsync();
        List<(string, JsonObject)> events = [];
        while (await reader.ReadAsync())
            events.Add((reader.GetString(0).Split(';')[0].Split(':')[^1], JsonNode.Parse(reader.GetString(1))!["message"]!.AsObject()));
        return events;
    }

    /// <summary>What waits for its time: the queue, when it is due and the message.</summary>
    public static async Task<List<(string Queue, DateTimeOffset Due, JsonObject Message)>> ScheduledAsync(this NpgsqlDataSource database, Guid game)
    {
        await using var command = database.CreateCommand(
            """
            SELECT "DestinationAddress", "EnqueueTime", "Body" FROM "OutboxMessage"
            WHERE "EnqueueTime" IS NOT NULL AND "Body" LIKE '%' || $1 || '%' ORDER BY "EnqueueTime"
            """);
        command.Parameters.Add(new() { Value = $"{game}" });
        await using var reader = await command.ExecuteReaderAsync();
        List<(string, DateTimeOffset, JsonObject)> scheduled = [];
        while (await reader.ReadAsync())
        {
            scheduled.Add((
                reader.GetString(0).Split('/', ':')[^1].Split('?')[0], reader.GetDateTime(1),
                JsonNode.Parse(reader.GetString(2))!["message"]!.AsObject()));
        }

        return scheduled;
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static async Task<JsonObject> Ok(Task<HttpResponseMessage> answer)
    {
        using var response = await answer;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.BodyAsync();
    }
}
