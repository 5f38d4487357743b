using System.Diagnostics;
using Games.AppHost.Servers;
using Games.Bench.Measuring;

namespace Games.Bench.Running;

/// <summary>An API or a bot as a process of its own, from its start until it is stopped.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly string name;
    private readonly ChildProcess process;

    private RunningService(string name, ChildProcess process)
    {
        this.name = name;
        this.process = process;
    }

    /// <summary>From the start of the process to the first 200 of /health/ready.</summary>
    public TimeSpan StartToReady { get; private set; }

    /// <summary>Processor time used so far.</summary>
    public TimeSpan CpuTime => Measuring.CpuTime.OfTree(process.Id);

    /// <summary>VmRSS: physical memory held now.</summary>
    public double ResidentMebibytes => MebibytesOf("VmRSS:");

    /// <summary>VmHWM: the most physical memory ever held.</summary>
    public double PeakResidentMebibytes => MebibytesOf("VmHWM:");

    /// <summary>Starts without waiting until it is ready.</summary>
    public static RunningService Launch(string name, Command command) => new(name, ChildProcess.Start(command));

    public static async Task<RunningService> StartAsync(string name, Command command, Uri address, CancellationToken ct)
    {
        var service = Launch(name, command);
        try
        {
            await service.UntilReadyAsync(address, ct);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    public void ThrowIfEnded()
    {
        if (!process.IsRunning)
            throw new BenchException($"{name} ended with exit code {process.ExitCode}. Its last lines:{Environment.NewLine}{process.LastLines}");
    }

    public async ValueTask DisposeAsync()
    {
        await process.StopAsync(Signal.Term, patience: TimeSpan.FromSeconds(20));
        process.Dispose();
    }

    private async Task UntilReadyAsync(Uri address, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var ready = new Uri(address, "/health/ready");
        while (Stopwatch.GetElapsedTime(started) < Patience)
        {
            ThrowIfEnded();
            try
            {
                using var response = await http.GetAsync(ready, ct);
                if (response.IsSuccessStatusCode)
                {
                    StartToReady = Stopwatch.GetElapsedTime(started);
                    return;
                }
            }
            catch (Exception notYet) when (notYet is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
            {
                // It does not listen yet.
            }

            await Task.Delay(Pause, ct);
        }

        throw new BenchException($"{name} was not ready within {Patience.TotalSeconds} s at {ready}. Its last lines:{Environment.NewLine}{process.LastLines}");
    }

    private double MebibytesOf(string entry)
    {
        ThrowIfEnded();
        var line = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith(entry, StringComparison.Ordinal));
        return double.Parse(line.AsSpan(entry.Length).TrimEnd("kB").Trim()) / 1024;
    }
}
