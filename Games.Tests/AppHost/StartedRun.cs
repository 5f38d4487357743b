using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Games.AppHost.Servers;
using Npgsql;

namespace Games.Tests.AppHost;

/// <summary>A local run as a person has it: the program that ./run starts, on ports of its own, and what it says.</summary>
internal sealed partial class StartedRun : IDisposable
{
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(120);
    private static readonly string Root = Path.GetFullPath("../../../..", GamesService.OutputOf("Games.AppHost"));

    // A run of the tests on servers that are given has them in its environment, where ./games would take them. And no test speaks to Discord.
    private static readonly Dictionary<string, string?> NoServers = new()
    {
        ["ConnectionStrings__Games"] = null,
        ["ConnectionStrings__RabbitMq"] = null,
        ["Discord__Token"] = null,
    };

    private readonly ConcurrentQueue<string> _output = new();
    private readonly string _data;
    private readonly string _api = $"http://localhost:{FreePort.Next()}";
    private readonly string _discord = $"http://localhost:{FreePort.Next()}";

    private StartedRun(string data, IReadOnlyDictionary<string, string?>? environment)
    {
        _data = data;
        var command = CommandOf("--data", data, "--api-urls", _api, "--bot-urls", $"http://localhost:{FreePort.Next()}", "--discord-urls", _discord);
        Process = ChildProcess.Start(command with { Environment = environment ?? command.Environment }, _output.Enqueue);
    }

    public ChildProcess Process { get; }

    public string[] Output => [.. _output];

    public int PostgresPort => int.Parse(PsqlPort.Match(string.Join('\n', _output)).Groups[1].Value);

    public static StartedRun Start(string data, IReadOnlyDictionary<string, string?>? environment = null) => new(data, environment);

    public static async Task<StartedRun> ReadyAsync(string data, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var run = Start(data, environment);
        // The last line of what it says then: the addresses stand before it.
        await Until.TrueAsync(
            () => !run.Process.IsRunning || run._output.Any(line => line.Contains("Ctrl+C stops everything")), "it said that it runs", StartBound);
        Assert.True(run.Process.IsRunning, string.Join(Environment.NewLine, run._output));
        return run;
    }

    public static Command CommandOf(params IEnumerable<string> arguments) =>
        new("dotnet", ["exec", Path.Combine(GamesService.OutputOf("Games.AppHost"), "Games.AppHost.dll"), .. arguments]) { Environment = NoServers };

    public static Command ScriptOf(string script, params IReadOnlyList<string> arguments) =>
        new(Path.Combine(Root, script), arguments) { Environment = NoServers };

    /// <summary>The lines that hold the text, without the name of who says it and without the time.</summary>
    public IEnumerable<string> Said(string text) =>
        _output.Where(line => line.Contains(text)).Select(line => Stamp.Replace(line.Split("| ", 2)[^1].Trim(), ""));

    public Task SaysAsync(string text, int times = 1) => Until.TrueAsync(() => Said(text).Count() >= times, $"it says {text}", StartBound);

    /// <summary>A line as it is pasted into a shell at the root, on this run in place of that of .run.</summary>
    public async Task<(int ExitCode, string Output)> PasteAsync(string line)
    {
        // The tests are built: the script is to run what is there.
        var built = Path.Combine(Root, "Games.Ops/bin/Release/net10.0");
        if (Directory.Exists(built))
            await File.WriteAllTextAsync(Path.Combine(built, "built"), "");

        var here = line.Replace("./games ", $"./games --data {_data} ").Replace(".run/", $"{_data}/")
            .Replace("http://localhost:5080", _api).Replace("http://localhost:5082", _discord);
        return await ChildProcess.RunAsync(new Command("bash", "-euo", "pipefail", "-c", here) { WorkingDirectory = Root, Environment = NoServers });
    }

    /// <summary>Waits until the stand-in's first channel has messages that contain these texts, one each, and no other.</summary>
    public async Task ShowsInDiscordAsync(params string[] texts)
    {
        using var discord = new HttpClient { BaseAddress = new(_discord) };
        await Until.TrueAsync(
            async () =>
            {
                var messages = await discord.GetFromJsonAsync<JsonArray>("/_fake/channels/200000000000000001/messages");
                return messages!.Count == texts.Length && messages.Zip(texts).All(pair => pair.First!.ToJsonString().Contains(pair.Second));
            },
            $"the channel shows {string.Join(", ", texts)}");
    }

    public async Task<object?> ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={PostgresPort};Username=games;Database=games;Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    public void Dispose()
    {
        if (Process.IsRunning)
            Process.Kill();
        Process.Dispose();
    }

    [GeneratedRegex(@"psql -h 127\.0\.0\.1 -p (\d+) -U games games")]
    private static partial Regex PsqlPort { get; }

    [GeneratedRegex(@"^\d\d:\d\d:\d\d\.\d{3} ")]
    private static partial Regex Stamp { get; }
}
