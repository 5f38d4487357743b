using Microsoft.Extensions.Logging;

namespace Games.Outbox.Outages;

/// <summary>
/// Tells of an outage once when it begins and once when it is over, however many of a process's loops meet it. It is over when each loop that met
/// it works again: one that only reads says nothing about a database that refuses to write.
/// </summary>
internal sealed partial class Outage(string server, string consequence, TimeProvider time, ILogger logger)
{
    /// <summary>One line that an outage has begun, or has become another, is told in this time at most.</summary>
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly HashSet<object> _failing = [];
    private readonly HashSet<string> _told = [];
    private long? _lastLine;
    private long _since;
    private volatile bool _isOn;

    public bool IsOn => _isOn;

    /// <summary>Something failed.</summary>
    /// <param name="loop">What fails until it works again; null for a request or a message, which somebody tries again or nobody.</param>
    /// <param name="kind">An outage that changes its kind is told of anew.</param>
    /// <param name="cause">In words.</param>
    /// <param name="isCertain">False for what one connection may have met alone: then it is told of when the same loop meets it again.</param>
    public void Fails(object? loop, string kind, string cause, bool isCertain)
    {
        lock (_lock)
        {
            var isSecond = loop is not null && !_failing.Add(loop);
            if (!_isOn)
                _since = time.GetTimestamp();
            _isOn = true;

            if (!isCertain && !isSecond || _told.Contains(kind) || _lastLine is { } last && time.GetElapsedTime(last) < LineInterval)
                return;

            _told.Add(kind);
            _lastLine = time.GetTimestamp();
        }

        LogBegun(server, consequence, cause);
    }

    /// <summary>The loop works, or asks nothing of the server at the moment.</summary>
    public void Works(object loop)
    {
        if (!_isOn)
            return;

        TimeSpan lasted;
        lock (_lock)
        {
            _failing.Remove(loop);
            if (_failing.Count > 0 || !_isOn)
                return;

            lasted = time.GetElapsedTime(_since);
            _isOn = false;
            if (_told.Count == 0)
                return;

            _told.Clear();
        }

        LogOver(server, lasted.TotalSeconds);
    }

    [LoggerMessage(LogLevel.Warning, "{Server} is not available{Consequence}: {Cause}")]
    private partial void LogBegun(string server, string consequence, string cause);

    [LoggerMessage(LogLevel.Information, "{Server} is available again after {Seconds:F1} s")]
    private partial void LogOver(string server, double seconds);
}
