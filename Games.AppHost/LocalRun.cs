using System.Diagnostics;
using System.Runtime.InteropServices;
using Games.AppHost.Servers;

namespace Games.AppHost;

/// <summary>Everything that one <c>./run</c> started: stopped in reverse order, whatever ended it.</summary>
internal sealed class LocalRun : IAsyncDisposable
{
    private static readonly TimeSpan SameWish = TimeSpan.FromSeconds(1);

    private readonly string data;
    private readonly FileStream alone;
    private readonly MergedLog log = MergedLog.ToConsole();
    private readonly Action<string> say;
    private readonly List<ServerProcess> started = [];

    private LocalRun(string data)
    {
        this.data = Path.GetFullPath(data);
        Directory.CreateDirectory(this.data);
        alone = AloneIn(this.data);
        say = log.Of("games");
    }

    /// <summary>Starts what <paramref name="system"/> says and stays until Ctrl+C, SIGTERM, or the end of something started. Returns the exit code.</summary>
    public static async Task<int> UntilStoppedAsync(string data, Func<LocalRun, CancellationToken, Task> system)
    {
        using var stopping = new CancellationTokenSource();

        // The first signal stops in order; a later one ends us at once, and the kernel ends the children. One and the same wish may come
        // twice, to us and to our process group.
        var asked = 0L;
        void Stop(PosixSignalContext signal)
        {
            if (!stopping.IsCancellationRequested)
                asked = Stopwatch.GetTimestamp();
            signal.Cancel = Stopwatch.GetElapsedTime(asked) < SameWish;
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
            await system(run, stopping.Token);
            await run.UntilSomethingEndsAsync(stopping.Token);
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

    public string DirectoryOf(string server) => Path.Combine(data, server);

    public Action<string> LogOf(string service) => log.Of(service);

    public async Task StartAsync(ServerProcess server, CancellationToken ct)
    {
        say($"starting {server.Name}");
        lock (started)
            started.Add(server);
        var since = Stopwatch.GetTimestamp();
        await server.StartAsync(ct);
        say($"{server.Name} is ready after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s");
    }

    /// <summary>All at once; the first failure ends the others.</summary>
    public static async Task TogetherAsync(CancellationToken ct, params IEnumerable<Func<CancellationToken, Task>> parts)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var running = parts.Select(part => part(together.Token)).ToList();
        try
        {
            await foreach (var finished in Task.WhenEach(running))
                await finished;
        }
        catch
        {
            await together.CancelAsync();
            await Task.WhenAll(running).ContinueWith(_ => { }, TaskScheduler.Default);
            throw;
        }
    }

    public void Announce(string text)
    {
        foreach (var line in text.Split('\n'))
            say(line);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Enumerable.Reverse(started).Where(server => server.IsRunning))
        {
            say($"stopping {server.Name}");
            await server.StopAsync();
        }

        foreach (var server in started)
            await server.DisposeAsync();
        say($"stopped; the data stays in {data}");
        await alone.DisposeAsync();
    }

    private async Task UntilSomethingEndsAsync(CancellationToken ct)
    {
        var first = await Task.WhenAny(started.Select(server => server.Exited)).WaitAsync(ct);
        throw new ServerUnavailableException(started.First(server => server.Exited == first).Ending);
    }

    // Two PostgreSQL on one data directory would be refused by PostgreSQL too, but with a page of log instead of a sentence.
    private static FileStream AloneIn(string data)
    {
        try
        {
            return new FileStream(Path.Combine(data, "lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new ServerUnavailableException($"it is running on {data} already. Stop that one first, or choose another directory with --data.", taken);
        }
    }
}
