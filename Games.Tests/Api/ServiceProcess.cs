using System.Diagnostics;

namespace Games.Tests.Api;

/// <summary>A service as a person starts it: its own process, whose exit code and lines are what is seen.</summary>
internal static class ServiceProcess
{
    public sealed record Outcome(int ExitCode, string[] Output, string[] Errors);

    public static Task<Outcome> RunAsync(string assemblyPath, IDictionary<string, string?> environment, params string[] arguments) =>
        RunWithInputAsync(assemblyPath, environment, "", arguments);

    /// <summary>The same, with what it reads from its standard input.</summary>
    public static async Task<Outcome> RunWithInputAsync(
        string assemblyPath, IDictionary<string, string?> environment, string input, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [assemblyPath, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment.Remove("ConnectionStrings__Games");
        start.Environment.Remove("ConnectionStrings__RabbitMq");
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        // Read first: who answers while it reads would wait for us, and we for it.
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"The process did not end. It said: {await output}{await errors}");
        }

        return new(process.ExitCode, Lines(await output), Lines(await errors));
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
