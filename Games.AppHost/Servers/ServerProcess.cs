using System.Diagnostics;

namespace Games.AppHost.Servers;

/// <summary>A server as a child process: ready once it answers, and stopped, killed or restarted on the same port with the same data.</summary>
internal abstract class ServerProcess(string name, Action<string> log) : IAsyncDisposable
{
    private ChildProcess? _process;
    private bool _logs;

    public string Name => name;

    public bool IsRunning => _process is { IsRunning: true };

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException($"{name} has not been started.");

    /// <summary>Completes when the server's process ends, for whatever reason.</summary>
    public Task Exited => _process?.Exited ?? Task.CompletedTask;

    /// <summary>That of a process that has ended.</summary>
    public int ExitCode => _process?.ExitCode ?? throw new InvalidOperationException($"{name} has not been started.");

    /// <summary>Its exit code and its last lines.</summary>
    public string ExitReport => _process is { IsRunning: false } ended
        ? $"{name} ended with exit code {ended.ExitCode}. Its last lines:{Environment.NewLine}{ended.LastLines}"
        : $"{name} is running.";

    /// <summary>How long the last start took.</summary>
    public TimeSpan StartToReady { get; private set; }

    /// <summary>A start that takes longer has failed.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>A server whose clean stop takes longer is killed.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    protected abstract Signal CleanStop { get; }

    /// <summary>
    /// False for a server that writes pages while it starts and stops: its log begins when it is ready and ends when it is told to stop; a
    /// failed start shows the last lines.
    /// </summary>
    protected virtual bool LogsStart => false;

    /// <summary>How often a server that starts is asked whether it is ready.</summary>
    protected virtual TimeSpan PollInterval => TimeSpan.FromMilliseconds(50);

    protected Action<string> Log => log;

    public async Task StartAsync(CancellationToken ct = default)
    {
        if (IsRunning)
            return;

        var started = Stopwatch.GetTimestamp();
        var process = await LaunchAsync(ct);
        try
        {
            await WaitUntilReadyAsync(process, started, ct);
            StartToReady = Stopwatch.GetElapsedTime(started);
            Volatile.Write(ref _logs, true);
        }
        catch
        {
            Kill();
            throw;
        }
    }

    /// <summary>Starts the process without waiting until it is ready.</summary>
    public async Task<ChildProcess> LaunchAsync(CancellationToken ct = default)
    {
        var command = await PrepareAsync(ct);
        _process?.Dispose();
        Volatile.Write(ref _logs, LogsStart);
        return _process = ChildProcess.Start(command, line =>
        {
            if (Volatile.Read(ref _logs))
                log(line);
        });
    }

    public Task StopAsync() => StopAsync(CleanStop);

    /// <summary>SIGKILL, as a power cut would: nothing is flushed, nobody is told.</summary>
    public void Kill()
    {
        _process?.Kill();
        OnStopped();
    }

    /// <summary>SIGSTOP: it stops wherever it is, and its connections stay open, until <see cref="Thaw"/>.</summary>
    public void Freeze() => _process?.Send(Signal.Stop);

    /// <summary>SIGCONT: it continues and does not notice the time between.</summary>
    public void Thaw() => _process?.Send(Signal.Cont);

    public async Task RestartAsync(bool kill = false, CancellationToken ct = default)
    {
        if (kill)
            Kill();
        else
            await StopAsync();
        await StartAsync(ct);
    }

    /// <summary>Waits until a server that runs answers again.</summary>
    public Task AnswersAsync(CancellationToken ct = default) =>
        WaitUntilReadyAsync(_process ?? throw new InvalidOperationException($"{name} has not been started."), Stopwatch.GetTimestamp(), ct);

    public virtual async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process?.Dispose();
    }

    /// <summary>Writes the files that the server needs and returns the command that starts it.</summary>
    protected abstract Task<Command> PrepareAsync(CancellationToken ct);

    /// <summary>Opens a connection as a client would; throws while that is not possible.</summary>
    protected abstract Task ConnectAsync(CancellationToken ct);

    protected async Task StopAsync(Signal signal)
    {
        Volatile.Write(ref _logs, LogsStart);
        if (_process is not null)
            await _process.StopAsync(signal, StopTimeout);
        OnStopped();
    }

    /// <summary>Called when the server's process is gone.</summary>
    protected virtual void OnStopped()
    {
    }

    private async Task WaitUntilReadyAsync(ChildProcess process, long started, CancellationToken ct)
    {
        Exception? last = null;
        while (process.IsRunning && Stopwatch.GetElapsedTime(started) < StartTimeout)
        {
            try
            {
                await ConnectAsync(ct);
                return;
            }
            catch (Exception notYet) when (!ct.IsCancellationRequested)
            {
                last = notYet;
            }

            await Task.Delay(PollInterval, ct);
        }

        if (!process.IsRunning)
            throw new ServerUnavailableException(ExitReport, last);

        throw new ServerUnavailableException(
            $"{name} was not ready within {StartTimeout.TotalSeconds:0} s ({last?.Message}). Its last lines:{Environment.NewLine}{process.LastLines}",
            last);
    }
}
