using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Games.AppHost.Servers;

/// <summary>The API, the bot or the stand-in for Discord, started from its project's output. It is ready when its address says so.</summary>
internal sealed class GamesService(string name, string project, string urls, IReadOnlyDictionary<string, string> settings, Action<string>? log = null)
    : ServerProcess(name, log ?? (_ => { }))
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    // The dotnet that runs this process, also where it is neither on the PATH nor in DOTNET_ROOT.
    private static readonly string Dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    /// <summary><c>solution/project/bin/configuration/framework</c></summary>
    private static DirectoryInfo Own => new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    /// <summary>Where a client on this machine reaches it.</summary>
    public Uri Address { get; } = Addresses(urls)[0];

    /// <summary>Answers 200 once it is ready.</summary>
    public string ReadyPath { get; init; } = "/health/ready";

    /// <summary>The folder of the solution whose build is run: this one's, unless an older one is to run beside it.</summary>
    public string Solution { get; set; } = OwnSolution();

    /// <summary>Whether it cannot start without the servers of its run.</summary>
    public bool NeedsServers { get; init; } = true;

    protected override Signal CleanStop => Signal.Term;

    protected override bool LogsStart => true;

    /// <summary>The addresses in a list such as <c>http://*:5080;https://localhost:5443</c>, with localhost for "any host".</summary>
    public static IReadOnlyList<Uri> Addresses(string urls) =>
    [
        .. urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(url => Regex.Replace(url, @"//(\*|\+|0\.0\.0\.0|\[::\])", "//localhost"))
            .Select(url => Uri.TryCreate(url, UriKind.Absolute, out var address)
                ? address
                : throw new ServerUnavailableException($"'{url}' is not a URL to listen on.")),
    ];

    /// <summary>The project's output as the build lays it out, with this one's configuration and framework.</summary>
    public static string OutputOf(string project, string? solution = null)
    {
        var output = Path.Combine(solution ?? OwnSolution(), project, "bin", Own.Parent!.Name, Own.Name);
        return File.Exists(Path.Combine(output, $"{project}.dll"))
            ? output
            : throw new ServerUnavailableException($"{project} is not built: no {project}.dll in {output}. Build Games.sln first.");
    }

    /// <summary>Runs the program with these arguments (<c>--migrate</c>) until it exits, and returns what it wrote.</summary>
    public async Task<string> RunOnceAsync(CancellationToken ct, params IReadOnlyList<string> arguments)
    {
        var (exitCode, output) = await ChildProcess.RunAsync(CommandOf(arguments), ct);
        return exitCode == 0
            ? output
            : throw new ServerUnavailableException(
                $"{project} {string.Join(' ', arguments)} ended with exit code {exitCode}:{Environment.NewLine}{output}");
    }

    /// <summary>Throws before anything is started when a port is taken.</summary>
    public void RequireFreePorts()
    {
        int[] taken = [.. Addresses(urls).Select(address => address.Port).Where(port => !FreePort.IsFree(port)).Distinct()];
        if (taken is [])
            return;

        throw new ServerUnavailableException(
            $"port {string.Join(" and port ", taken)} is taken, and {Name} is to listen on {urls}. Choose another with --{Name}-urls.");
    }

    private static string OwnSolution() => Own.Parent!.Parent!.Parent!.Parent!.FullName;

    protected override Task<Command> PrepareAsync(CancellationToken ct) => Task.FromResult(CommandOf());

    protected override async Task ConnectAsync(CancellationToken ct)
    {
        using var answer = await Http.GetAsync(new Uri(Address, ReadyPath), ct);
        answer.EnsureSuccessStatusCode();
    }

    private Command CommandOf(params IEnumerable<string> arguments)
    {
        var output = OutputOf(project, Solution);
        return new Command(Dotnet, ["exec", Path.Combine(output, $"{project}.dll"), .. arguments])
        {
            // ASP.NET Core looks for settings files here.
            WorkingDirectory = output,
            Environment = new Dictionary<string, string?>(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            {
                ["ASPNETCORE_URLS"] = urls,
                ["ASPNETCORE_ENVIRONMENT"] = "Development",

                // The local run prints where the service listens, and asks for its health until it is ready: neither belongs into the log.
                ["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Warning",
                ["Logging__LogLevel__Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
            },
        };
    }
}
