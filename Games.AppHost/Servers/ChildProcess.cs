using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Games.AppHost.Servers;

internal enum Signal
{
    Int = 2,
    Quit = 3,
    Kill = 9,
    Term = 15,
    Cont = 18,
    Stop = 19,
}

/// <summary>What to start, as which user, and which signal it gets when its parent dies.</summary>
internal sealed record Command(string File, params IReadOnlyList<string> Arguments)
{
    public string? WorkingDirectory { get; init; }

    /// <summary>The user to run as; null for the user of this process.</summary>
    public string? User { get; init; }

    public Signal WhenParentDies { get; init; } = Signal.Kill;

    /// <summary>The process's standard input.</summary>
    public string Input { get; init; } = string.Empty;

    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
}

/// <summary>
/// A process in a session of its own, so that a terminal's Ctrl+C reaches only its parent, which stops its children in order; and killed
/// by the kernel when the parent dies, so that even <c>kill -9</c> of the parent leaves nothing behind.
/// </summary>
internal sealed partial class ChildProcess : IDisposable
{
    private const int LinesKept = 20;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lastLines = new();
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Command command, Action<string> output)
    {
        _process = new Process { StartInfo = StartInfoOf(command), EnableRaisingEvents = true };
        _process.Exited += (_, _) => _exited.TrySetResult();
        _process.OutputDataReceived += (_, e) => OnLine(e.Data, output);
        _process.ErrorDataReceived += (_, e) => OnLine(e.Data, output);
    }

    public int Id { get; private set; }

    public Task Exited => _exited.Task;

    public bool IsRunning => !_exited.Task.IsCompleted;

    public int ExitCode => _process.ExitCode;

    public string LastLines => string.Join(Environment.NewLine, _lastLines);

    public static ChildProcess Start(Command command, Action<string>? output = null)
    {
        var child = new ChildProcess(command, output ?? (_ => { }));
        LaunchThread.Run(() => child._process.Start());
        child.Id = child._process.Id;
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        child.WriteInput(command.Input);
        return child;
    }

    /// <summary>Runs a short command to its end and returns its exit code and everything it wrote.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(Command command, CancellationToken ct = default)
    {
        var written = new ConcurrentQueue<string>();
        using var child = Start(command, written.Enqueue);
        try
        {
            await child._process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            throw;
        }

        return (child.ExitCode, string.Join(Environment.NewLine, written));
    }

    public void Send(Signal signal)
    {
        if (IsRunning)
            _ = kill(Id, (int)signal);
    }

    /// <summary>Sends <paramref name="signal"/>, and SIGKILL after <paramref name="timeout"/>.</summary>
    public async Task StopAsync(Signal signal, TimeSpan timeout)
    {
        Send(signal);
        try
        {
            await Exited.WaitAsync(timeout);
        }
        catch (TimeoutException)
        {
            Kill();
        }
    }

    /// <summary>SIGKILL for the process and all its descendants; returns when it is gone.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended by itself.
        }

        Exited.Wait();
    }

    public void Dispose() => _process.Dispose();

    private void WriteInput(string input)
    {
        try
        {
            _process.StandardInput.Write(input);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code says why.
        }
    }

    private void OnLine(string? line, Action<string> output)
    {
        if (line is null)
            return;

        var plain = Colours.Replace(line, string.Empty);
        _lastLines.Enqueue(plain);
        if (_lastLines.Count > LinesKept)
            _lastLines.TryDequeue(out _);
        output(plain);
    }

    private static ProcessStartInfo StartInfoOf(Command command)
    {
        var start = new ProcessStartInfo("setsid")
        {
            WorkingDirectory = command.WorkingDirectory ?? string.Empty,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in command.Environment)
            start.Environment[name] = value;

        // The kernel forgets the parent-death signal when credentials change, so the user is changed first, in a setpriv of its own.
        if (command.User is { } user)
            AddRange(start.ArgumentList, ["setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups", "--"]);
        AddRange(start.ArgumentList, ["setpriv", "--pdeathsig", $"{command.WhenParentDies}".ToUpperInvariant(), "--", command.File]);
        AddRange(start.ArgumentList, command.Arguments);
        return start;
    }

    private static void AddRange(ICollection<string> list, IEnumerable<string> items)
    {
        foreach (var item in items)
            list.Add(item);
    }

    // RabbitMQ colours its lines even for a pipe.
    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex Colours { get; }

    [DllImport("libc")]
    private static extern int kill(int processId, int signal);

    /// <summary>
    /// The kernel sends the parent-death signal when the <em>thread</em> that forked ends. A pool thread may end at any time, and its
    /// server with it; this thread lives as long as the process.
    /// </summary>
    private static class LaunchThread
    {
        private static readonly BlockingCollection<Task> Launches = [];

        static LaunchThread() => new Thread(Loop) { IsBackground = true, Name = "launch" }.Start();

        public static void Run(Action launch)
        {
            var task = new Task(launch);
            Launches.Add(task);
            task.GetAwaiter().GetResult();
        }

        private static void Loop()
        {
            foreach (var launch in Launches.GetConsumingEnumerable())
                launch.RunSynchronously();
        }
    }
}
