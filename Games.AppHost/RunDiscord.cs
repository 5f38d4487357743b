using Games.AppHost.Servers;
using Npgsql;

namespace Games.AppHost;

/// <summary>
/// Discord as a run has it: with a token the real one; else a stand-in, which has forgotten everything when it starts. A data directory belongs to
/// the one in which its first game was announced: neither knows the channels and messages of the other.
/// </summary>
internal sealed class RunDiscord
{
    private const string TokenVariable = "Discord__Token";
    private const string Real = "Discord";
    private const string StandIn = "stand-in";

    private readonly LocalRun _run;
    private readonly GamesService? _standIn;

    private RunDiscord(LocalRun run, string? token, string standInUrls, Uri api)
    {
        _run = run;
        IsReal = token is not null;
        if (IsReal)
        {
            BotSettings = new() { [TokenVariable] = token! };
            return;
        }

        _standIn = new("discord", "Games.FakeDiscord", standInUrls, new Dictionary<string, string>(), run.LogOf("discord"))
        {
            ReadyPath = "/_fake/settings",
            NeedsServers = false,
        };
        BotSettings = new()
        {
            [TokenVariable] = "local.stand.in",
            ["Discord__BaseAddress"] = $"{_standIn.Address}api/v10/",
            // The one that it begins with, so that a person sees that messages are kept.
            ["Discord__Channels__0"] = "200000000000000001",
            // Whoever looks at the stand-in's page is on this machine.
            ["Discord__PublicBaseAddress"] = api.ToString(),
        };
    }

    public bool IsReal { get; }

    /// <summary>Of the bot alone: nobody else needs the token.</summary>
    public Dictionary<string, string> BotSettings { get; }

    /// <summary>Where it is, for a person.</summary>
    public string Address => _standIn is null ? "discord.com, with the token that was given" : $"{_standIn.Address} (a stand-in: games appear here)";

    /// <summary>The real one with the token of the option, or of the environment; else the stand-in.</summary>
    public static RunDiscord Choose(LocalRun run, string? token, string standInUrls, Uri api)
    {
        var variable = Environment.GetEnvironmentVariable(TokenVariable);
        // Servers are started with this environment.
        Environment.SetEnvironmentVariable(TokenVariable, null);
        var discord = new RunDiscord(run, token ?? (string.IsNullOrWhiteSpace(variable) ? null : variable), standInUrls, api);
        return discord;
    }

    public void RequireFreePorts() => _standIn?.RequireFreePorts();

    public Task StartAsync(CancellationToken ct) => _standIn is null ? Task.CompletedTask : _run.StartAsync(_standIn, ct);

    /// <summary>Has the bot post open games anew, if what it told was told to a stand-in: that is gone with it.</summary>
    /// <exception cref="ServerUnavailableException">It was told to the other.</exception>
    public async Task ForgetAsync(string database, CancellationToken ct)
    {
        const string Announced = "SELECT EXISTS (SELECT FROM announcements WHERE message_id IS NOT NULL)";
        const string Forget = """
            UPDATE announcements SET message_id = NULL, delivered_version = 0, post_started_at = NULL, reposts = 0, attempts = 0,
                next_attempt_at = NULL, failure = NULL
            WHERE is_open AND (message_id IS NOT NULL OR failure IS NOT NULL OR post_started_at IS NOT NULL);
            DELETE FROM direct_message_channels;
            DELETE FROM gateway_sessions;
            """;
        await using var connection = new NpgsqlConnection($"{database};Pooling=false");
        await connection.OpenAsync(ct);
        await using var announced = new NpgsqlCommand(Announced, connection);
        Remember((bool)(await announced.ExecuteScalarAsync(ct))!);
        if (_standIn is null)
            return;

        await using var forget = new NpgsqlCommand(Forget, connection);
        await forget.ExecuteNonQueryAsync(ct);
    }

    private void Remember(bool isAnnounced)
    {
        var file = _run.PathOf("discord");
        var told = File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        var now = IsReal ? Real : StandIn;
        if (isAnnounced && told is not null && told != now)
        {
            var folder = Path.GetDirectoryName(file);
            throw new ServerUnavailableException(IsReal
                ? $"the games in {folder} are announced in the stand-in, and there is a token now. Games of Discord need a directory of their own: "
                    + $"--data FOLDER. To go on with the stand-in: unset {TokenVariable}"
                : $"the games in {folder} are announced in Discord itself, and there is no token now. Give it again, or choose another directory: "
                    + "--data FOLDER");
        }

        File.WriteAllText(file, $"{now}\n");
    }
}
