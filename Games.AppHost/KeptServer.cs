using System.Diagnostics;
using Games.AppHost.Servers;

namespace Games.AppHost;

/// <summary>A server that is started again when it dies, and stays away while it is stopped on purpose.</summary>
/// <param name="server">The server, which runs.</param>
/// <param name="needs">What it cannot start without: it is not started again while one of them is stopped on purpose.</param>
/// <param name="write">Says what happened, in a line.</param>
internal sealed class KeptServer(ServerProcess server, IReadOnlyList<KeptServer> needs, Action<string> write)
{
    /// <summary>More than one, because the backends of a killed PostgreSQL end a moment after it and keep a new one from starting.</summary>
    private const int DeathsAtOnceToGiveUp = 3;

    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _change = new(1);
    private TaskCompletionSource? _stopped;
    private long _ready = Stopwatch.GetTimestamp();
    private int _deathsAtOnce;

    public string Name => server.Name;

    private bool IsStopped => Volatile.Read(ref _stopped) is not null;

    /// <summary>Keeps it running until cancelled.</summary>
    /// <exception cref="ServerUnavailableException">It dies at once each time.</exception>
    public async Task KeepAsync(CancellationToken ct)
    {
        while (true)
        {
            await server.Exited.WaitAsync(ct);
            var startedOnPurpose = await ChangeAsync(
                async () =>
                {
                    if (_stopped is null && !server.IsRunning)
                        await StartAgainAsync(ct);
                    return _stopped?.Task ?? Task.CompletedTask;
                },
                ct);
            await startedOnPurpose.WaitAsync(ct);
        }
    }

    /// <summary>Stops it until <see cref="StartAsync"/>; what to say about it.</summary>
    public Task<string> StopAsync(CancellationToken ct) => ChangeAsync(
        async () =>
        {
            if (_stopped is not null)
                return $"{Name} is stopped already.";

            // Before its end, which would be a death otherwise.
            Volatile.Write(ref _stopped, new(TaskCreationOptions.RunContinuationsAsynchronously));
            await server.StopAsync();
            write($"{Name} is stopped on purpose, until it is started");
            return $"{Name} is stopped, until it is started.";
        },
        ct);

    /// <summary>Starts it on its data after <see cref="StopAsync"/>; what to say about it.</summary>
    /// <exception cref="ServerUnavailableException">It does not start; it counts as stopped still.</exception>
    public Task<string> StartAsync(CancellationToken ct) => ChangeAsync(
        async () =>
        {
            if (_stopped is not { } stopped)
                return $"{Name} runs already.";

            await server.StartAsync(ct);
            _ready = Stopwatch.GetTimestamp();
            Volatile.Write(ref _stopped, null);
            stopped.SetResult();
            write($"{Name} is started again, ready after {server.StartToReady.TotalSeconds:0.0} s");
            return $"{Name} runs.";
        },
        ct);

    private async Task StartAgainAsync(CancellationToken ct)
    {
        _deathsAtOnce = Stopwatch.GetElapsedTime(_ready) < AtOnce ? _deathsAtOnce + 1 : 0;
        var death = server.ExitCode == 0 ? "was ended" : $"died (exit code {server.ExitCode})";
        write($"{Name} {death}: starting it again{(server is GamesService ? "" : " on its data")}");
        for (; _deathsAtOnce < DeathsAtOnceToGiveUp; _deathsAtOnce++)
        {
            await Task.Delay(Pause, ct);
            while (needs.Any(needed => needed.IsStopped))
                await Task.Delay(Pause, ct);

            try
            {
                await server.RestartAsync(kill: true, ct);
                _ready = Stopwatch.GetTimestamp();
                return;
            }
            catch (ServerUnavailableException)
            {
                // Its last lines are told when it is given up.
            }
        }

        throw new ServerUnavailableException($"{Name} dies again at once whenever it is started. {server.ExitReport}");
    }

    private async Task<T> ChangeAsync<T>(Func<Task<T>> change, CancellationToken ct)
    {
        await _change.WaitAsync(ct);
        try
        {
            return await change();
        }
        finally
        {
            _change.Release();
        }
    }
}
