using System.Diagnostics;
using System.Runtime.InteropServices;
using Games.AppHost.Servers;

namespace Games.AppHost;

/// <summary>What one <c>./run</c> has started: stopped in reverse order, however it ends.</summary>
internal sealed class LocalRun : IAsyncDisposable
{
    // A terminal signals this process and its process group: one Ctrl+C may arrive twice.
    private static readonly TimeSpan RepeatedSignalWindow = TimeSpan.FromSeconds(1);

    private readonly string _data;
    private readonly FileStream _dataLock;
    private readonly MergedLog _log = MergedLog.ToConsole();
    private readonly Action<string> _write;
    private readonly List<ServerProcess> _started = [];

    private LocalRun(string data)
    {
        _data = Path.GetFullPath(data);
        Directory.CreateDirectory(_data);
        _dataLock = Lock(_data);
        _write = _log.Of("games");
    }

    /// <summary>Runs <paramref name="start"/>, then waits for Ctrl+C, SIGTERM, or the end of a server. Returns the exit code.</summary>
    public static async Task<int> UntilStoppedAsync(string data, Func<LocalRun, CancellationToken, Task> start)
    {
        using var stopping = new CancellationTokenSource();

        // The first signal stops the servers in order; a later one ends this process at once, and the kernel kills its children.
        var firstSignal = 0L;
        void Stop(PosixSignalContext signal)
        {
            if (!stopping.IsCancellationRequested)
                firstSignal = Stopwatch.GetTimestamp();
            signal.Cancel = Stopwatch.GetElapsedTime(firstSignal) < RepeatedSignalWindow;
            stopping.Cancel();
        }

        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        try
        {
            if (!OperatingSystem.IsLinux())
                throw new ServerUnavailableException("The local run needs Linux. Elsewhere: docker compose up --build");

            await using var run = new LocalRun(data);
            await start(run, stopping.Token);
            await run.WaitUntilOneEndsAsync(stopping.Token);
            return 1;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return 0;
        }
        catch (ServerUnavailableException reason)
        {
            await Console.Error.WriteLineAsync($"Games cannot run: {reason.Message}");
            return 1;
        }
    }

    public string PathOf(string name) => Path.Combine(_data, name);

    public Action<string> LogOf(string server) => _log.Of(server);

    public async Task StartAsync(ServerProcess server, CancellationToken ct)
    {
        _write($"starting {server.Name}");
        lock (_started)
            _started.Add(server);
        await server.StartAsync(ct);
        _write($"{server.Name} is ready after {server.StartToReady.TotalSeconds:0.0} s");
    }

    /// <summary>Runs them concurrently; the first failure cancels the others.</summary>
    public static async Task AllAsync(CancellationToken ct, params IEnumerable<Func<CancellationToken, Task>> parts)
    {
        using var cancelling = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var running = parts.Select(part => part(cancelling.Token)).ToList();
        try
        {
            await foreach (var finished in Task.WhenEach(running))
                await finished;
        }
        catch
        {
            await cancelling.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    public void Write(string text)
    {
        foreach (var line in text.Split('\n'))
            _write(line);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Enumerable.Reverse(_started).Where(server => server.IsRunning))
        {
            _write($"stopping {server.Name}");
            await server.StopAsync();
        }

        foreach (var server in _started)
            await server.DisposeAsync();
        _write($"stopped; the data stays in {_data}");
        await _dataLock.DisposeAsync();
    }

    private async Task WaitUntilOneEndsAsync(CancellationToken ct)
    {
        var first = await Task.WhenAny(_started.Select(server => server.Exited)).WaitAsync(ct);
        throw new ServerUnavailableException(_started.First(server => server.Exited == first).ExitReport);
    }

    // PostgreSQL refuses a second server on its data too, but with a page of log instead of a sentence.
    private static FileStream Lock(string data)
    {
        try
        {
            return new FileStream(Path.Combine(data, "lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new ServerUnavailableException(
                $"it is running on {data} already. Stop that one first, or choose another directory with --data.", taken);
        }
    }
}
