extern alias Ops;

using System.Collections.Concurrent;
using System.Diagnostics;

namespace Games.Tests.Ops;

/// <summary>A verb of the journal that runs until it is told to stop: its own process, read and written to line by line.</summary>
internal sealed class RunningVerb : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();

    private RunningVerb(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string[] Output => [.. _output];

    public string[] Errors => [.. _errors];

    public static RunningVerb Start(string database, params string[] verb)
    {
        // A test run in the background of a script ignores Ctrl+C, and so would its children.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", typeof(Ops::Program).Assembly.Location, "events", .. verb])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["ConnectionStrings__Games"] = database;
        return new(Process.Start(start)!);
    }

    public Task WriteAsync(string line) => _process.StandardInput.WriteLineAsync(line);

    public Task SaysAsync(string text) => Until.TrueAsync(() => _errors.Any(x => x.Contains(text)), $"it says \"{text}\"");

    /// <summary>Waits until it has come so far in its start that it needs this file.</summary>
    public Task LoadsAsync(string file) =>
        Until.TrueAsync(() => File.ReadAllText($"/proc/{_process.Id}/maps").Contains(file), $"it has loaded {file}");

    /// <summary>Waits for lines of its output; all of them until then.</summary>
    public async Task<string[]> ShowsAsync(int lines)
    {
        await Until.TrueAsync(() => _output.Count >= lines, $"it shows {lines} lines");
        return Output;
    }

    /// <summary>Ctrl+C; the exit code.</summary>
    public async Task<int> InterruptAsync()
    {
        await SendAsync("INT");
        return await EndsAsync();
    }

    public async Task SendAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for its end; the exit code.</summary>
    public async Task<int> EndsAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
            lines.Enqueue(line);
    }
}
