using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Games.Bench.Discord;

/// <summary>The people of the stand-in for Discord, and what they see.</summary>
internal sealed class StandIn(Uri address) : IDisposable
{
    public const string Guild = "100000000000000001";

    private static readonly DateTimeOffset Epoch = DateTimeOffset.FromUnixTimeMilliseconds(1420070400000);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address, "/_fake/") };

    public static string Channel(int number) => (200_000_000_000_000_001 + number).ToString(CultureInfo.InvariantCulture);

    public static string User(int number) => (300_000_000_000_000_001 + number).ToString(CultureInfo.InvariantCulture);

    public async Task AddAsync(int channels, int users, CancellationToken ct)
    {
        for (var number = 0; number < channels; number++)
            await PutAsync($"guilds/{Guild}/channels/{Channel(number)}", new() { ["name"] = $"games-{number}" }, ct);
        for (var number = 0; number < users; number++)
            await PutAsync($"guilds/{Guild}/members/{User(number)}", new() { ["name"] = $"user-{number}" }, ct);
    }

    /// <summary>The messages of all games: by the game, which their footer names.</summary>
    public async Task<ILookup<Guid, ShownGame>> MessagesAsync(int channels, CancellationToken ct)
    {
        var found = new List<(Guid Game, ShownGame Shown)>();
        for (var number = 0; number < channels; number++)
        {
            var messages = await _http.GetFromJsonAsync<JsonArray>($"channels/{Channel(number)}/messages", ct);
            foreach (var message in messages!)
            {
                if (message!["embeds"]?[0] is { } embed && Guid.TryParse((string?)embed["footer"]?["text"], out var game))
                    found.Add((game, new((string)message["id"]!, TimeOf((string)message["id"]!), [.. TextsOf(embed)])));
            }
        }

        return found.ToLookup(message => message.Game, message => message.Shown);
    }

    /// <summary>What the user sees, once it is there.</summary>
    public async Task<string> ClickAsync(string messageId, string userId, string label, CancellationToken ct)
    {
        var click = new JsonObject { ["messageId"] = messageId, ["userId"] = userId, ["label"] = label };
        using var answer = await _http.PostAsJsonAsync("clicks", click, ct);
        var seen = await answer.Content.ReadFromJsonAsync<JsonObject>(ct);
        return (string?)seen!["text"] ?? (string?)seen["detail"] ?? (string?)seen["outcome"] ?? $"{(int)answer.StatusCode}";
    }

    public async Task<int> TooEarlyAsync(CancellationToken ct) =>
        (await _http.GetFromJsonAsync<JsonObject>("statistics", ct))!["early"]!.AsArray().Count;

    public void Dispose() => _http.Dispose();

    private static IEnumerable<string> TextsOf(JsonNode embed)
    {
        yield return (string)embed["title"]!;
        foreach (var field in embed["fields"]!.AsArray())
        {
            yield return (string)field!["name"]!;
            yield return (string)field["value"]!;
        }
    }

    // An id begins with the milliseconds since Discord's epoch.
    private static DateTimeOffset TimeOf(string id) => Epoch.AddMilliseconds(ulong.Parse(id, CultureInfo.InvariantCulture) >> 22);

    private async Task PutAsync(string path, JsonObject body, CancellationToken ct)
    {
        using var answer = await _http.PutAsJsonAsync(path, body, ct);
        answer.EnsureSuccessStatusCode();
    }
}

/// <summary>The message of a game.</summary>
/// <param name="Texts">Its title, and the names and values of its fields.</param>
internal sealed record ShownGame(string Id, DateTimeOffset At, IReadOnlyList<string> Texts);
