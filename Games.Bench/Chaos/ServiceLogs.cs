using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Games.Bench.Chaos;

/// <summary>
/// The services' logs: as files if wanted, their last unusual lines in memory, and what the bots log of repeats. A killed process loses its
/// last lines, so a missing line proves nothing.
/// </summary>
/// <param name="directory">Where a file for each service is written; null for none.</param>
internal sealed partial class ServiceLogs(string? directory) : IDisposable
{
    private const int LinesKept = 60;

    private readonly ConcurrentQueue<string> _last = new();
    private readonly List<StreamWriter> _files = [];
    private readonly ConcurrentQueue<Guid> _announcedAgain = new();
    private readonly ConcurrentQueue<Guid> _notFound = new();
    private int _announced;
    private int _repeats;
    private volatile bool _disposed;

    /// <summary>Announcements that the bots logged, before their commit: some may have been rolled back.</summary>
    public int Announced => Volatile.Read(ref _announced);

    /// <summary>Redelivered messages that the inbox recognised.</summary>
    public int Repeats => Volatile.Read(ref _repeats);

    /// <summary>Games whose second announcement only the primary key of the table has prevented.</summary>
    public IReadOnlyList<Guid> AnnouncedAgain => [.. _announcedAgain.Distinct()];

    /// <summary>Games whose event arrived before their row was committed.</summary>
    public IReadOnlyList<Guid> NotFound => [.. _notFound.Distinct()];

    public string LastLines => string.Join(Environment.NewLine, _last);

    public Action<string> Of(string service)
    {
        if (directory is null)
            return line => Read(service, line);

        Directory.CreateDirectory(directory);
        var file = new StreamWriter(Path.Combine(directory, $"{service}.log")) { AutoFlush = true };
        _files.Add(file);
        return line =>
        {
            lock (file)
            {
                // The last lines of a killed process may arrive after the end of the run.
                if (!_disposed)
                    file.WriteLine(line);
            }
            Read(service, line);
        };
    }

    public void Dispose()
    {
        _disposed = true;
        foreach (var file in _files)
        {
            lock (file)
                file.Dispose();
        }
    }

    private void Read(string service, string line)
    {
        if (line.Contains("Announced game ", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _announced);
            return;
        }
        if (line.Contains("its repeat has no effect", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _repeats);
            return;
        }

        if (AnnouncedAlready().Match(line) is { Success: true } again)
            _announcedAgain.Enqueue(Guid.Parse(again.Groups[1].Value));
        if (NotThere().Match(line) is { Success: true } missing)
            _notFound.Enqueue(Guid.Parse(missing.Groups[1].Value));

        _last.Enqueue($"{service}: {line}");
        if (_last.Count > LinesKept)
            _last.TryDequeue(out _);
    }

    [GeneratedRegex(@"Game (\S{36}) is announced already")]
    private static partial Regex AnnouncedAlready();

    [GeneratedRegex(@"Game (\S{36}) not found")]
    private static partial Regex NotThere();
}
