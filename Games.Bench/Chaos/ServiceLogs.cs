using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Games.Bench.Chaos;

/// <summary>
/// What the services said: all of it in files if wanted, the last remarkable lines in memory, and what the bots tell of repeats. A killed
/// process takes its last lines with it, so nothing is proved by a line that is missing.
/// </summary>
/// <param name="directory">Where a file for each service is written; null for none.</param>
internal sealed partial class ServiceLogs(string? directory) : IDisposable
{
    private const int LinesKept = 60;

    private readonly ConcurrentQueue<string> last = new();
    private readonly List<StreamWriter> files = [];
    private readonly ConcurrentQueue<Guid> announcedAgain = new();
    private readonly ConcurrentQueue<Guid> notFound = new();
    private int announced;
    private int repeats;
    private volatile bool ended;

    /// <summary>Announcements that the bots logged before their commit: more than there are in the end, where one was rolled back.</summary>
    public int Announced => Volatile.Read(ref announced);

    /// <summary>Messages that came again and that the inbox knew.</summary>
    public int Repeats => Volatile.Read(ref repeats);

    /// <summary>Games whose second announcement only the key of the table has prevented.</summary>
    public IReadOnlyList<Guid> AnnouncedAgain => [.. announcedAgain.Distinct()];

    /// <summary>Games whose event came before their row.</summary>
    public IReadOnlyList<Guid> NotFound => [.. notFound.Distinct()];

    public string LastLines => string.Join(Environment.NewLine, last);

    public Action<string> Of(string service)
    {
        if (directory is null)
            return line => Hear(service, line);

        Directory.CreateDirectory(directory);
        var file = new StreamWriter(Path.Combine(directory, $"{service}.log")) { AutoFlush = true };
        files.Add(file);
        return line =>
        {
            lock (file)
            {
                // The last lines of a process may come when it is long dead.
                if (!ended)
                    file.WriteLine(line);
            }
            Hear(service, line);
        };
    }

    public void Dispose()
    {
        ended = true;
        foreach (var file in files)
        {
            lock (file)
                file.Dispose();
        }
    }

    private void Hear(string service, string line)
    {
        if (line.Contains("Announced game ", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref announced);
            return;
        }
        if (line.Contains("its repeat has no effect", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref repeats);
            return;
        }

        if (AnnouncedAlready().Match(line) is { Success: true } again)
            announcedAgain.Enqueue(Guid.Parse(again.Groups[1].Value));
        if (NotThere().Match(line) is { Success: true } missing)
            notFound.Enqueue(Guid.Parse(missing.Groups[1].Value));

        last.Enqueue($"{service}: {line}");
        if (last.Count > LinesKept)
            last.TryDequeue(out _);
    }

    [GeneratedRegex(@"Game (\S{36}) is announced already")]
    private static partial Regex AnnouncedAlready();

    [GeneratedRegex(@"Game (\S{36}) not found")]
    private static partial Regex NotThere();
}
