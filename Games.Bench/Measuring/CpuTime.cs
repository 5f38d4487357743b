namespace Games.Bench.Measuring;

/// <summary>Processor time used so far, from /proc: user and system, of a process, of its descendants, and of those that have ended.</summary>
internal static class CpuTime
{
    // USER_HZ, which Linux promises to programs on every machine that .NET runs on.
    private const double TicksPerSecond = 100;

    public static TimeSpan OfTree(int processId)
    {
        var all = Directory.EnumerateDirectories("/proc").Select(Read).OfType<Process>().ToLookup(process => process.Parent);
        var root = Read($"/proc/{processId}") ?? throw new BenchException($"Process {processId} has ended.");

        return TimeSpan.FromSeconds(SumOf(root) / TicksPerSecond);

        double SumOf(Process process) => process.Ticks + all[process.Id].Sum(SumOf);
    }

    private static Process? Read(string directory)
    {
        if (!int.TryParse(Path.GetFileName(directory), out var id))
            return null;

        try
        {
            // The second field is the command in brackets and may hold anything; what follows is numbers.
            var stat = File.ReadAllText($"{directory}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new Process(id, int.Parse(fields[1]), fields[11..15].Sum(long.Parse));
        }
        catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed record Process(int Id, int Parent, long Ticks);
}
