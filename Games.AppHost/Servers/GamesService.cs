using System.Runtime.InteropServices;

namespace Games.AppHost.Servers;

/// <summary>One of our own services, started from its project's output. It is ready when it says so at <c>/health/ready</c>.</summary>
internal sealed class GamesService(string name, string project, string urls, IReadOnlyDictionary<string, string> settings, Action<string>? log = null)
    : ServerProcess(name, log ?? (_ => { }))
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    // The dotnet that runs us, also where it is neither on the PATH nor in DOTNET_ROOT.
    private static readonly string Dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    /// <summary>Where a client on this machine reaches it.</summary>
    public Uri Address { get; } = Addresses(urls)[0];

    protected override Signal CleanStop => Signal.Term;

    protected override bool StartsQuietly => false;

    /// <summary>The addresses in a list such as <c>http://*:5080;https://localhost:5443</c>, with localhost for "any host".</summary>
    public static IReadOnlyList<Uri> Addresses(string urls) =>
    [
        .. urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(url => url.Replace("//*", "//localhost").Replace("//+", "//localhost").Replace("//0.0.0.0", "//localhost").Replace("//[::]", "//localhost"))
            .Select(url => Uri.TryCreate(url, UriKind.Absolute, out var address) ? address : throw new ServerUnavailableException($"'{url}' is not a URL to listen on.")),
    ];

    /// <summary>The project's output beside our own, as the build laid them out: <c>root/project/bin/configuration/framework</c>.</summary>
    public static string OutputOf(string project)
    {
        var ours = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var root = ours.Parent!.Parent!.Parent!.Parent!;
        var output = Path.Combine(root.FullName, project, "bin", ours.Parent.Name, ours.Name);
        return File.Exists(Path.Combine(output, $"{project}.dll"))
            ? output
            : throw new ServerUnavailableException($"{project} is not built: no {project}.dll in {output}. Build Games.sln first.");
    }

    /// <summary>Runs the service with these arguments to its end, for what it does once (<c>--migrate</c>).</summary>
    public async Task RunOnceAsync(string argument, CancellationToken ct)
    {
        var (exitCode, output) = await ChildProcess.RunAsync(CommandOf(argument), ct);
        if (exitCode != 0)
            throw new ServerUnavailableException($"{project} {argument} ended with exit code {exitCode}:{Environment.NewLine}{output}");
    }

    /// <summary>Says at once, before anything is started, that a port is taken.</summary>
    public void RequireFreePorts()
    {
        foreach (var address in Addresses(urls))
        {
            if (!FreePort.IsFree(address.Port))
                throw new ServerUnavailableException($"port {address.Port} is taken, and the {Name} is to listen on {urls}. Choose another with --{Name}-urls.");
        }
    }

    protected override Task<Command> PrepareAsync(CancellationToken ct) => Task.FromResult(CommandOf());

    protected override async Task ConnectAsync(CancellationToken ct)
    {
        using var answer = await Http.GetAsync(new Uri(Address, "/health/ready"), ct);
        answer.EnsureSuccessStatusCode();
    }

    private Command CommandOf(params IEnumerable<string> arguments)
    {
        var output = OutputOf(project);
        return new Command(Dotnet, ["exec", Path.Combine(output, $"{project}.dll"), .. arguments])
        {
            // ASP.NET Core looks for settings files here.
            WorkingDirectory = output,
            Environment = new Dictionary<string, string?>(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            {
                ["ASPNETCORE_URLS"] = urls,
                ["ASPNETCORE_ENVIRONMENT"] = "Development",

                // What the local run says itself: where the service listens, and that it is not ready yet while we ask again and again.
                ["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Warning",
                ["Logging__LogLevel__Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
            },
        };
    }
}
