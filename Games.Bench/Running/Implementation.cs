using Games.AppHost.Servers;
using Games.Bench.Measuring;

namespace Games.Bench.Running;

/// <summary>One implementation of the main job: how its programs are started, and where its outbox is.</summary>
/// <param name="OutboxTable">As SQL writes it.</param>
/// <param name="Queue">Of the bot.</param>
/// <param name="Prepare">Arguments of dotnet that create the tables.</param>
/// <param name="Api">Arguments of dotnet that start the API on a port.</param>
/// <param name="Bot">Arguments of dotnet that start the bot on a port.</param>
internal sealed record Implementation(
    string Name, string OutboxTable, string Queue, string[] Prepare, Func<int, string[]> Api, Func<int, string[]> Bot)
{
    public string Database => $"games_bench_{Name}";

    public static Implementation Ours(string apiDll, string botDll) => new(
        "ours",
        OutboxTable: "\"OutboxMessage\"",
        Queue: "announce-game",
        Prepare: [apiDll, "--migrate"],
        Api: port => [apiDll, "--urls", $"http://127.0.0.1:{port}"],
        Bot: port => [botDll, "--urls", $"http://127.0.0.1:{port}"]);

    public static async Task<Implementation> BuildLimitAsync(string project, CancellationToken ct)
    {
        if (!Directory.Exists(project))
            throw new BenchException($"{project} does not exist: name the folder of the limit's project with --limit-project.");

        var (exitCode, output) = await ChildProcess.RunAsync(new Command("dotnet", "build", project, "--configuration", "Release"), ct);
        if (exitCode != 0)
            throw new BenchException($"The limit could not be built:{Environment.NewLine}{output}");

        var dll = Path.Combine(project, "bin", "Release", "net10.0", "Limit.dll");
        return new("limit", OutboxTable: "outbox", Queue: "limit", [dll, "init"], port => [dll, "api", $"{port}"], port => [dll, "bot", $"{port}"]);
    }

    /// <summary>Creates its database anew, with its tables.</summary>
    public async Task PrepareAsync(Servers servers, CancellationToken ct)
    {
        await servers.RecreateDatabaseAsync(Database, ct);
        var (exitCode, output) = await ChildProcess.RunAsync(Dotnet(servers, Prepare), ct);
        if (exitCode != 0)
            throw new BenchException($"The tables of {Name} could not be created (exit code {exitCode}):{Environment.NewLine}{output}");
    }

    public MeasuredService NewApi(Servers servers) => NewService($"The API of {Name}", servers, Api);

    /// <param name="settings">Beside the servers' addresses, as environment variables.</param>
    public MeasuredService NewBot(Servers servers, Dictionary<string, string?>? settings = null) =>
        NewService($"The bot of {Name}", servers, Bot, settings);

    private MeasuredService NewService(
        string name, Servers servers, Func<int, string[]> arguments, Dictionary<string, string?>? settings = null)
    {
        var port = FreePort.Next();
        return new MeasuredService(name, Dotnet(servers, arguments(port), settings), new Uri($"http://127.0.0.1:{port}"));
    }

    private Command Dotnet(Servers servers, string[] arguments, Dictionary<string, string?>? settings = null)
    {
        if (!File.Exists(arguments[0]))
            throw new BenchException($"{arguments[0]} does not exist: build it first (dotnet build -c Release).");

        return new Command("dotnet", arguments)
        {
            WorkingDirectory = Path.GetDirectoryName(arguments[0]),
            Environment = servers.EnvironmentFor(Database).Concat(settings ?? []).ToDictionary(),
        };
    }
}
