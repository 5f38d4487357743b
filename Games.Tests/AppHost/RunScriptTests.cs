using Games.AppHost.Servers;
using Games.Tests.Architecture;
using Games.Tests.Servers;

namespace Games.Tests.AppHost;

/// <summary>What ./run does where no server can be installed: a copy of it, with programs that only say what they were asked.</summary>
public sealed class RunScriptTests(TestServers servers)
{
    private const string Install = "Games.AppHost/Servers/install";

    [Fact(Timeout = 60_000)]
    public async Task Where_nothing_can_be_installed_it_makes_the_images_and_runs_them_in_Docker()
    {
        var root = servers.DirectoryOf("run-in-docker");
        File.Copy(Repository.PathOf("run"), Path.Combine(root, "run"), overwrite: true);
        await ProgramAsync(root, Install, "exit 3");
        await ProgramAsync(root, "dotnet", "echo dotnet $*");
        await ProgramAsync(root, "docker", "echo docker $* with ${Discord__Token:-no token} for ${Discord__BaseAddress:-the stand-in}");

        Assert.Equal(
            [
                "PostgreSQL and RabbitMQ cannot be installed here: running in Docker instead.",
                "A key for it, in another shell: docker compose run --rm ops keys create local",
                "dotnet build deploy/images.proj --nologo --verbosity minimal",
                "docker compose up with no token for the stand-in",
            ],
            await SaysAsync(root));
        Assert.Equal(
            "docker compose up with a.token for https://discord.com/api/v10/", (await SaysAsync(root, "--discord-token", "a.token"))[^1]);
    }

    private static async Task<string[]> SaysAsync(string root, params string[] arguments)
    {
        var command = new Command("bash", ["./run", .. arguments])
        {
            WorkingDirectory = root,
            Environment = new Dictionary<string, string?>
            {
                ["PATH"] = $"{root}:{Environment.GetEnvironmentVariable("PATH")}",
                ["Discord__Token"] = null,
                ["Discord__BaseAddress"] = null,
            },
        };
        var (exitCode, output) = await ChildProcess.RunAsync(command, TestContext.Current.CancellationToken);
        Assert.True(exitCode == 0, output);
        return output.Split('\n');
    }

    private static async Task ProgramAsync(string root, string file, string line)
    {
        var path = Path.Combine(root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, $"#!/usr/bin/env bash\n{line}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
