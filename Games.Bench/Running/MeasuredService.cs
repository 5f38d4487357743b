using Games.AppHost.Servers;
using Games.Bench.Measuring;

namespace Games.Bench.Running;

/// <summary>An API or a bot of any implementation, with its memory and processor time. It is ready when a path of it answers 200.</summary>
internal sealed class MeasuredService(string name, Command command, Uri address, string readyPath = "/health/ready")
    : ServerProcess(name, _ => { })
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>A program that listens where <c>--urls</c> says: on a free port of this machine.</summary>
    public static MeasuredService Of(string name, string dll, string readyPath)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        return new(name, new Command("dotnet", dll, "--urls", address.ToString()), address, readyPath);
    }

    public Uri Address => address;

    public TimeSpan CpuTime => Measuring.CpuTime.OfTree(ProcessId);

    /// <summary>VmRSS: physical memory in use.</summary>
    public double ResidentMebibytes => MebibytesOf("VmRSS:");

    /// <summary>VmHWM: the most physical memory ever in use.</summary>
    public double PeakResidentMebibytes => MebibytesOf("VmHWM:");

    protected override Signal CleanStop => Signal.Term;

    // StartToReady is a figure: 10 ms of it may be ours.
    protected override TimeSpan PollInterval => TimeSpan.FromMilliseconds(10);

    public void ThrowIfExited()
    {
        if (!IsRunning)
            throw new BenchException(ExitReport);
    }

    protected override Task<Command> PrepareAsync(CancellationToken ct) => Task.FromResult(command);

    protected override async Task ConnectAsync(CancellationToken ct)
    {
        using var response = await Http.GetAsync(new Uri(address, readyPath), ct);
        response.EnsureSuccessStatusCode();
    }

    private double MebibytesOf(string entry)
    {
        ThrowIfExited();
        var line = File.ReadLines($"/proc/{ProcessId}/status").First(line => line.StartsWith(entry, StringComparison.Ordinal));
        return double.Parse(line.AsSpan(entry.Length).TrimEnd("kB").Trim()) / 1024;
    }
}
