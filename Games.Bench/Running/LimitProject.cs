using Games.AppHost.Servers;
using Games.Bench.Measuring;

namespace Games.Bench.Running;

/// <summary>The hand-written limit, built from a copy of its sources: the folder that they lie in stays as it is.</summary>
internal static class LimitProject
{
    public static async Task<string> BuildAsync(string project, string into, CancellationToken ct)
    {
        if (!Directory.Exists(project))
            throw new BenchException($"{project} is not there: say where the limit's project lies with --limit-project.");

        var sources = Directory.CreateDirectory(Path.Combine(into, "source")).FullName;
        foreach (var file in Directory.EnumerateFiles(project).Where(file => Path.GetExtension(file) is ".cs" or ".csproj"))
            File.Copy(file, Path.Combine(sources, Path.GetFileName(file)), overwrite: true);

        var output = Path.Combine(into, "output");
        var (exitCode, log) = await ChildProcess.RunAsync(new Command("dotnet", "build", sources, "-c", "Release", "-o", output) { WorkingDirectory = sources }, ct);
        if (exitCode != 0)
            throw new BenchException($"The limit could not be built:{Environment.NewLine}{log}");

        return Path.Combine(output, "Limit.dll");
    }
}
