using System.Net;
using Games.AppHost.Servers;

namespace Games.AppHost;

/// <summary>The key of the local run: made once, by the operator's console, and kept beside the data that it opens.</summary>
/// <param name="path">Its file, which only its owner may read.</param>
/// <param name="api">The API that must take it.</param>
/// <param name="console">Games.Ops, on the database of the run.</param>
internal sealed class LocalKey(string path, Uri api, GamesService console)
{
    /// <summary>A game that anybody may create by pasting it.</summary>
    public const string Game =
        """{"guildId":"100000000000000001","channelId":"200000000000000001","hostId":"300000000000000001","""
        + """ "title":"Friday raid","scheduledAt":"2031-01-01T20:00:00+01:00"}""";

    private const string KeyPrefix = "games_";

    private static readonly string[] Scopes = ["games:read", "games:write", "events:read", "events:publish", "events:internal", "ops"];

    /// <summary>Makes a key unless there is one that the API takes: its database may have been deleted since.</summary>
    public async Task EnsureAsync(CancellationToken ct)
    {
        if (File.Exists(path) && await IsTakenAsync((await File.ReadAllTextAsync(path, ct)).Trim(), ct))
            return;

        var scopes = Scopes.SelectMany(scope => new[] { "--scope", scope });
        var output = await console.RunOnceAsync(ct, ["keys", "create", "local", "--replace", .. scopes]);
        // Standard error is in it too.
        var key = output.Split('\n').Last(line => line.StartsWith(KeyPrefix, StringComparison.Ordinal));
        await PrivateFile.WriteAsync(path, $"{key.Trim()}\n", ct);
    }

    private async Task<bool> IsTakenAsync(string key, CancellationToken ct)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(api, "/games?limit=1"));
        // Whatever a person may have written into the file.
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        using var answer = await http.SendAsync(request, ct);
        return answer.StatusCode is not HttpStatusCode.Unauthorized;
    }
}
