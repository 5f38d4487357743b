using Games.AppHost.Servers;
using Games.Bench.Measuring;

namespace Games.Bench.Running;

/// <summary>One implementation of the main job that we start ourselves: its programs, and where its outbox lies.</summary>
/// <param name="OutboxTable">As SQL writes it.</param>
/// <param name="Queue">Where the bot's messages wait.</param>
internal sealed record Implementation(string Name, Func<Servers, Command> Prepare, Func<Servers, int, Command> Api, Func<Servers, int, Command> Bot, string OutboxTable, string Queue)
{
    public string Database => $"games_bench_{Name}";

    public static Implementation Ours(string apiDll, string botDll) => new(
        "ours",
        servers => Dotnet(servers, "ours", apiDll, "--migrate"),
        (servers, port) => Dotnet(servers, "ours", apiDll, "--urls", AddressAt(port).ToString()),
        (servers, port) => Dotnet(servers, "ours", botDll, "--urls", AddressAt(port).ToString()),
        OutboxTable: "\"OutboxMessage\"",
        Queue: "announce-game");

    public static Implementation Limit(string dll) => new(
        "limit",
        servers => Dotnet(servers, "limit", dll, "init"),
        (servers, port) => Dotnet(servers, "limit", dll, "api", $"{port}"),
        (servers, port) => Dotnet(servers, "limit", dll, "bot", $"{port}"),
        OutboxTable: "outbox",
        Queue: "limit");

    public static Uri AddressAt(int port) => new($"http://127.0.0.1:{port}");

    /// <summary>An empty database of its own with its tables in it.</summary>
    public async Task PrepareAsync(Servers servers, CancellationToken ct)
    {
        await servers.RecreateDatabaseAsync(Database, ct);
        var (exitCode, output) = await ChildProcess.RunAsync(Prepare(servers), ct);
        if (exitCode != 0)
            throw new BenchException($"The tables of {Name} could not be made (exit code {exitCode}):{Environment.NewLine}{output}");
    }

    private static Command Dotnet(Servers servers, string name, string dll, params string[] arguments)
    {
        if (!File.Exists(dll))
            throw new BenchException($"{dll} is not there: build it first (dotnet build -c Release).");

        return new Command("dotnet", [dll, .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(dll),
            Environment = servers.EnvironmentFor($"games_bench_{name}"),
        };
    }
}
