using System.Diagnostics;

namespace Games.AppHost.Servers;

/// <summary>
/// A server of our own: started as a child process, ready once it answers, and stopped, killed or restarted on the same port with the
/// same data.
/// </summary>
internal abstract class ServerProcess(string name, Action<string> log) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private ChildProcess? server;

    public string Name => name;

    public bool IsRunning => server is { IsRunning: true };

    public int ProcessId => server?.Id ?? throw new InvalidOperationException($"{name} has not been started.");

    /// <summary>Completes when the server's process ends, for whatever reason.</summary>
    public Task Exited => server?.Exited ?? Task.CompletedTask;

    /// <summary>How it ended, and what it wrote last.</summary>
    public string Ending =>
        server is { IsRunning: false } ended ? $"{name} ended with exit code {ended.ExitCode}. Its last lines:{Environment.NewLine}{ended.LastLines}" : $"{name} runs.";

    /// <summary>How long a start may take before it counts as failed.</summary>
    public TimeSpan StartPatience { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long a clean stop may take before the server is killed.</summary>
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(30);

    protected abstract Signal CleanStop { get; }

    /// <summary>True for a server whose start is pages of banner: it is heard once it is ready, or in the error when it never is.</summary>
    protected virtual bool StartsQuietly => true;

    protected Action<string> Log => log;

    public async Task StartAsync(CancellationToken ct = default)
    {
        if (IsRunning)
            return;

        var command = await PrepareAsync(ct);
        server?.Dispose();
        var heard = !StartsQuietly;
        server = ChildProcess.Start(command, line =>
        {
            if (Volatile.Read(ref heard))
                log(line);
        });
        try
        {
            await UntilItAnswersAsync(server, ct);
            Volatile.Write(ref heard, true);
        }
        catch
        {
            Kill();
            throw;
        }
    }

    public Task StopAsync() => StopAsync(CleanStop);

    /// <summary>SIGKILL, as a power cut would: nothing is flushed, nobody is told.</summary>
    public void Kill()
    {
        server?.Kill();
        Released();
    }

    /// <summary>SIGSTOP: it stands still wherever it is, and its connections stay open, until <see cref="Thaw"/>.</summary>
    public void Freeze() => server?.Send(Signal.Stop);

    /// <summary>SIGCONT: it goes on where it stood, and knows nothing of the time between.</summary>
    public void Thaw() => server?.Send(Signal.Cont);

    public async Task RestartAsync(bool kill = false, CancellationToken ct = default)
    {
        if (kill)
            Kill();
        else
            await StopAsync();
        await StartAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        server?.Dispose();
    }

    /// <summary>Everything that must be there before the server starts; returns the command that starts it.</summary>
    protected abstract Task<Command> PrepareAsync(CancellationToken ct);

    /// <summary>Opens a connection as a client would; throws while that is not possible.</summary>
    protected abstract Task ConnectAsync(CancellationToken ct);

    protected async Task StopAsync(Signal how)
    {
        if (server is not null)
            await server.StopAsync(how, StopPatience);
        Released();
    }

    /// <summary>Called when the server's process is gone.</summary>
    protected virtual void Released()
    {
    }

    private async Task UntilItAnswersAsync(ChildProcess process, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        Exception? last = null;
        while (process.IsRunning && Stopwatch.GetElapsedTime(started) < StartPatience)
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

            await Task.Delay(Pause, ct);
        }

        throw new ServerUnavailableException(
            process.IsRunning
                ? $"{name} did not answer within {StartPatience.TotalSeconds:0} s ({last?.Message}). Its last lines:{Environment.NewLine}{process.LastLines}"
                : Ending,
            last);
    }
}
