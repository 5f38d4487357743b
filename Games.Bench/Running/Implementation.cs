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

    public static Implementation Ours(string apiDll, string botDll) => OfServices("ours", apiDll, botDll);

    public static Task<Implementation> BuildLimitAsync(string project, CancellationToken ct) =>
        BuildOneAsync("limit", project, "Limit.dll", outboxTable: "outbox", queue: "limit", ct);

    /// <summary>One of the peers in <c>bench/peers</c>.</summary>
    public static Task<Implementation> BuildWolverineAsync(string root, CancellationToken ct) => BuildOneAsync(
        "wolverine", Path.Combine(root, "bench", "peers", "wolverine"), "WolverinePeer.dll",
        outboxTable: "wolverine_api.wolverine_outgoing_envelopes", queue: "wolverine-announcements", ct);

    /// <summary>Our own services on the published package's outbox, in a folder of its own.</summary>
    public static async Task<Implementation> BuildOfficialAsync(string root, CancellationToken ct)
    {
        var output = Path.Combine(root, "bench", "peers", "official", "bin");
        string[] projects = ["Games.Api", "Games.Bot"];
        foreach (var project in projects)
            await BuildAsync(Path.Combine(root, project), ct, "-p:OfficialPackages=true", "--artifacts-path", output);

        string DllOf(string project) => Path.Combine(output, "bin", project, "release", $"{project}.dll");
        return OfServices("official", DllOf(projects[0]), DllOf(projects[1]));
    }

    private static Implementation OfServices(string name, string apiDll, string botDll) => new(
        name,
        OutboxTable: "\"OutboxMessage\"",
        Queue: "announce-game",
        Prepare: [apiDll, "--migrate"],
        Api: port => [apiDll, "--urls", $"http://127.0.0.1:{port}"],
        Bot: port => [botDll, "--urls", $"http://127.0.0.1:{port}"]);

    /// <summary>Of one program, that is told what to be.</summary>
    private static async Task<Implementation> BuildOneAsync(
        string name, string project, string assembly, string outboxTable, string queue, CancellationToken ct)
    {
        await BuildAsync(project, ct);
        var dll = Path.Combine(project, "bin", "Release", "net10.0", assembly);
        return new(name, outboxTable, queue, [dll, "init"], port => [dll, "api", $"{port}"], port => [dll, "bot", $"{port}"]);
    }

    private static async Task BuildAsync(string project, CancellationToken ct, params string[] options)
    {
        if (!Directory.Exists(project))
            throw new BenchException($"{project} does not exist: it is a folder of the repository, and the limit's is named with --limit-project.");

        var build = new Command("dotnet", ["build", project, "--configuration", "Release", "--nologo", .. options]);
        var (exitCode, output) = await ChildProcess.RunAsync(build, ct);
        if (exitCode != 0)
            throw new BenchException($"{project} could not be built:{Environment.NewLine}{output}");
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

    /// <summary>What the limit has of the lists, on these tables.</summary>
    public MeasuredService NewLists(Servers servers, Implementation limit) =>
        NewService("The list of the limit", servers, port => [limit.Prepare[0], "lists", $"{port}"]);

    /// <summary>Of the limit: stores messages of Discord, as our bot does.</summary>
    public MeasuredService NewIngestion(Servers servers) =>
        NewService($"The ingestion of {Name}", servers, port => [Prepare[0], "ingest", $"{port}"]);

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
