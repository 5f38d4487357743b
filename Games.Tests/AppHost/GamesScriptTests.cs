using Games.AppHost.Servers;
using Games.Tests.Architecture;
using Games.Tests.Servers;

namespace Games.Tests.AppHost;

/// <summary>When ./games builds, and what it starts: a copy of it in a root of its own, with a dotnet that only says what it was asked.</summary>
public sealed class GamesScriptTests(TestServers servers)
{
    private const string Program = "Games.Ops/bin/Release/net10.0/Games.Ops.dll";

    // The first build makes the program; MSBuild leaves it as it is when another project changed only inside.
    private const string Dotnet = """
        #!/usr/bin/env bash
        echo "dotnet $*" | sed "s|$ROOT/||g"
        if [[ $1 == build ]]; then
          mkdir -p "$2/bin/Release/net10.0"
          [[ -e $2/bin/Release/net10.0/${2##*/}.dll ]] || touch "$2/bin/Release/net10.0/${2##*/}.dll"
        fi

        """;

    private static readonly string[] Projects =
        ["Games.Contracts", "Games.Data", "Games.Journal", "Games.Ops", "Games.Outbox", "Games.ServiceDefaults", "Games.AppHost"];

    [Fact(Timeout = 60_000)]
    public async Task It_builds_the_console_when_it_is_not_there_or_older_than_its_sources()
    {
        var root = await RootAsync("script-builds");
        string[] run = [$"dotnet {Program} events list"];
        string[] builtAndRun = ["Building Games.Ops", "dotnet build Games.Ops --configuration Release --nologo --verbosity quiet", .. run];
        Assert.Equal(builtAndRun, await SaysAsync(root, "events", "list"));
        Assert.Equal(run, await SaysAsync(root, "events", "list"));

        Touch(root, "Games.Ops/obj/project.assets.json");
        Touch(root, "Games.Ops/README.md");
        Assert.Equal(run, await SaysAsync(root, "events", "list"));

        Touch(root, "Games.Data/Game.cs");
        Assert.Equal(builtAndRun, await SaysAsync(root, "events", "list"));
        Assert.Equal(run, await SaysAsync(root, "events", "list"));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_switches_of_the_run_go_to_the_program_that_runs_it()
    {
        var root = await RootAsync("script-switches");
        Touch(root, Program);
        Touch(root, "Games.AppHost/bin/Release/net10.0/Games.AppHost.dll");

        Assert.Equal(
            ["dotnet Games.AppHost/bin/Release/net10.0/Games.AppHost.dll broker stop --data .run"], await SaysAsync(root, "broker", "stop"));
        foreach (var line in new[] { "--data elsewhere database start", "database start --data elsewhere", "database --data=elsewhere start" })
        {
            Assert.Equal(
                ["dotnet Games.AppHost/bin/Release/net10.0/Games.AppHost.dll database start --data elsewhere"],
                await SaysAsync(root, line.Split(' ')));
        }

        var help = await SaysAsync(root, "--help");
        Assert.Equal($"dotnet {Program} --help", help[0]);
        Assert.Contains(help, line => line.StartsWith("  broker stop|start "));
        Assert.Contains(help, line => line.StartsWith("  database stop|start "));
        Assert.Equal(help, await SaysAsync(root));
    }

    /// <summary>Written now, which is after all that the script has built: its times are put back for that.</summary>
    private static void Touch(string root, string file)
    {
        foreach (var built in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(path => path.Contains("/bin/")))
            File.SetLastWriteTimeUtc(built, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1));

        var path = Path.Combine(root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "");
    }

    private static async Task<string[]> SaysAsync(string root, params string[] arguments)
    {
        // Both streams as one: what two pipes bring has no order.
        var command = new Command("bash", ["-c", "exec ./games \"$@\" 2>&1", "games", .. arguments])
        {
            WorkingDirectory = root,
            Environment = new Dictionary<string, string?>
            {
                ["ROOT"] = root,
                ["PATH"] = $"{root}:{Environment.GetEnvironmentVariable("PATH")}",
                ["ConnectionStrings__Games"] = null,
                ["ConnectionStrings__RabbitMq"] = null,
            },
        };
        var (exitCode, output) = await ChildProcess.RunAsync(command, TestContext.Current.CancellationToken);
        Assert.True(exitCode == 0, output);
        return output.Split('\n');
    }

    private async Task<string> RootAsync(string name)
    {
        var root = servers.DirectoryOf(name);
        File.Copy(Repository.PathOf("games"), Path.Combine(root, "games"), overwrite: true);
        await File.WriteAllTextAsync(Path.Combine(root, "dotnet"), Dotnet);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path.Combine(root, "dotnet"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Path.Combine(root, "Directory.Build.props"), "");
        File.SetLastWriteTimeUtc(Path.Combine(root, "Directory.Build.props"), DateTime.UnixEpoch);
        foreach (var project in Projects)
            Directory.CreateDirectory(Path.Combine(root, project));
        return root;
    }
}
