using System.Diagnostics;

namespace Games.Tests.Api.Clients;

/// <summary>Programs that are not ours, run as a person runs them.</summary>
internal static class Programs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Skips the test where they are missing, but not on the server that decides.</summary>
    public static void RequireNode()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.SkipUnless(IsInstalled("node") && IsInstalled("npm"), "node and npm are missing: apt-get install nodejs npm");
    }

    public static Task InstallFromNpmAsync(string directory) =>
        RunAsync(directory, "npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund");

    public static async Task<string[]> RunAsync(string directory, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program.Contains('/') ? Path.Combine(directory, program) : program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
        return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static bool IsInstalled(string program) => Environment.GetEnvironmentVariable("PATH")!
        .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}
