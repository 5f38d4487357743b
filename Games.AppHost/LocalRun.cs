using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
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
    private readonly Action<string> _say;
    private readonly List<ServerProcess> _started = [];
    private readonly Dictionary<ServerProcess, KeptServer> _kept = [];
    private ControlSocket? _control;

    private LocalRun(string data)
    {
        _data = Path.GetFullPath(data);
        Directory.CreateDirectory(_data);
        _dataLock = Lock(_data);
        _write = _log.Of("games");
        // Stamped as the services stamp theirs.
        _say = line => _write($"{TimeProvider.System.GetLocalNow():HH:mm:ss.fff} {line}");
        // A run that was killed leaves it, and this one is not ready yet.
        File.Delete(EnvironmentFile);
        ControlSocket.EndPointOf(ControlPathIn(_data));
    }

    /// <summary>Runs <paramref name="start"/>, then keeps what it started running until Ctrl+C or SIGTERM. Returns the exit code.</summary>
    public static async Task<int> UntilStoppedAsync(string data, Func<LocalRun, CancellationToken, Task> start)
    {
        // Not disposed: a signal may come while this ends.
        var stopping = new CancellationTokenSource();

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
                throw new ServerUnavailableException("The local run needs Linux. Elsewhere: dotnet build deploy/images.proj && docker compose up");

            await using var run = new LocalRun(data);
            await start(run, stopping.Token);
            await AllAsync(stopping.Token, run._kept.Values.Select(server => (Func<CancellationToken, Task>)server.KeepAsync));
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

    /// <summary>What a shell reads to reach this run's servers; only while it runs.</summary>
    private string EnvironmentFile => PathOf("environment");

    public static string ControlPathIn(string data) => Path.Combine(Path.GetFullPath(data), "control");

    public string PathOf(string name) => Path.Combine(_data, name);

    public Action<string> LogOf(string server) => _log.Of(server);

    public async Task StartAsync(ServerProcess server, CancellationToken ct)
    {
        _say($"starting {server.Name}");
        lock (_started)
            _started.Add(server);
        await server.StartAsync(ct);
        _say($"{server.Name} is ready after {server.StartToReady.TotalSeconds:0.0} s");
        lock (_started)
            _kept.Add(server, new(server, needs: server is GamesService { NeedsServers: true } ? [.. KeptServers()] : [], _say));
    }

    private IEnumerable<KeptServer> KeptServers() => _kept.Where(kept => kept.Key is not GamesService).Select(kept => kept.Value);

    /// <summary>The port of a server of this run, the same at each start on this data.</summary>
    public Task<int> PortOfAsync(string server, CancellationToken ct) => KeptPort.ReadAsync(PathOf($"{server}.port"), server, _say, ct);

    /// <summary>Lets ./games find this run, and stop and start these servers of it, by the names of its verbs.</summary>
    public async Task OpenAsync(
        IReadOnlyDictionary<string, string> environment, Dictionary<string, ServerProcess> servers, CancellationToken ct)
    {
        _control = ControlSocket.Open(ControlPathIn(_data), (request, stop) => request.Split(' ') switch
        {
            [ServerVerbs.Stop, var name] when servers.TryGetValue(name, out var server) => _kept[server].StopAsync(stop),
            [ServerVerbs.Start, var name] when servers.TryGetValue(name, out var server) => _kept[server].StartAsync(stop),
            _ => throw new ServerUnavailableException($"This run does not know '{request}'. Stop it and start it again, if it is an older one."),
        });
        var exports = environment.Select(setting => $"{Shell.Export(setting.Key, setting.Value)}\n");
        await PrivateFile.WriteAsync(EnvironmentFile, string.Concat(exports), ct);
    }

    /// <summary>Looks at everything before anything is started, so that one failure names all.</summary>
    /// <exception cref="ServerUnavailableException">Any of them throws it.</exception>
    public static void RequireAll(params IEnumerable<Action> requirements)
    {
        var failures = new List<string>();
        foreach (var require in requirements)
        {
            try
            {
                require();
            }
            catch (ServerUnavailableException failure)
            {
                failures.Add(failure.Message);
            }
        }

        if (failures is not [])
            throw new ServerUnavailableException(string.Join($"{Environment.NewLine}And ", failures));
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

    /// <summary>Says what has happened, with the time.</summary>
    public void Say(string line) => _say(line);

    /// <summary>Writes what is to be read and pasted.</summary>
    public void Write(string text)
    {
        foreach (var line in text.Split('\n'))
            _write(line);
    }

    public async ValueTask DisposeAsync()
    {
        File.Delete(EnvironmentFile);
        if (_control is not null)
            await _control.DisposeAsync();

        foreach (var server in Enumerable.Reverse(_started).Where(server => server.IsRunning))
        {
            _say($"stopping {server.Name}");
            await server.StopAsync();
        }

        foreach (var server in _started)
            await server.DisposeAsync();
        _say($"stopped; the data stays in {_data}");
        // Its process id may be another's by the next time that somebody reads it.
        _dataLock.SetLength(0);
        await _dataLock.DisposeAsync();
    }

    // PostgreSQL refuses a second server on its data too, but with a page of log instead of a sentence.
    private static FileStream Lock(string data)
    {
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(data, "lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new ServerUnavailableException(
                $"it is running on {data} already. Stop that one first, or choose another directory with --data.", taken);
        }

        // For whoever would end it from elsewhere.
        held.SetLength(0);
        held.Write(Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        held.Flush();
        return held;
    }
}
