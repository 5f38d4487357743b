using Games.Outbox.Database;
using MassTransit.EntityFrameworkCoreIntegration;

namespace Games.Outbox.Relay;

/// <summary>
/// The destinations whose messages the broker returns for want of a queue. However many messages wait for one, only one of them is tried again soon;
/// when it arrives, all follow. Is used by one thread at a time.
/// </summary>
internal sealed class UnroutableDestinations(OutboxOptions options, TimeProvider time)
{
    /// <summary>How many destinations may be tried with the pause of the option; with more of them it grows.</summary>
    private const double DestinationsAPause = 100;

    private static readonly TimeSpan WarningInterval = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Destination> _known = [];
    private long _pruned = time.GetTimestamp();

    /// <summary>Notes returned rows: how long each waits, and what there is to warn of.</summary>
    public (List<(OutboxMessage Row, TimeSpan Delay)> Waits, List<Warning> Warnings) PutOff(IEnumerable<OutboxMessage> returned)
    {
        var waits = new List<(OutboxMessage, TimeSpan)>();
        var warnings = new List<Warning>();

        foreach (var rows in returned.GroupBy(x => x.DestinationAddress!.ToString()))
        {
            if (!_known.TryGetValue(rows.Key, out var destination))
                _known[rows.Key] = destination = new();

            // Together, so that one claim finds them and one statement puts them off again.
            var (soon, late) = (Jittered(Pause), Jittered(Longer(options.MaxRetryDelay, Pause)));
            var isTried = time.GetElapsedTime(destination.Tried) < destination.Pause && rows.All(x => x.SequenceNumber != destination.Probe);
            var probe = isTried ? destination.Probe : rows.First().SequenceNumber;
            if (rows.Any(x => x.SequenceNumber == probe))
                (destination.Probe, destination.Tried, destination.Pause) = (probe, time.GetTimestamp(), soon);

            waits.AddRange(rows.Select(x => (x, x.SequenceNumber == probe ? soon : late)));
            destination.Returned += rows.Count();

            if (destination.Warned is { } warned && time.GetElapsedTime(warned) < WarningInterval)
                continue;
            warnings.Add(new(rows.Key, destination.Returned, destination.Pause));
            (destination.Warned, destination.Returned) = (time.GetTimestamp(), 0);
        }

        Prune();

        return (waits, warnings);
    }

    /// <summary>Of the destinations of these rows, which have arrived, those for which others may wait.</summary>
    public string[] Found(IEnumerable<OutboxMessage> arrived)
    {
        var found = new HashSet<string>();
        foreach (var row in arrived)
        {
            if (!row.WasReturned && _known.Count == 0)
                continue;

            var address = row.DestinationAddress!.ToString();
            if (_known.Remove(address) || row.WasReturned)
                found.Add(address);
        }

        return [.. found];
    }

    private TimeSpan Pause => Longer(options.UnroutableDelay, options.UnroutableDelay * (_known.Count / DestinationsAPause));

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Jittered(TimeSpan pause) => Backoff.Delay(1, pause, pause);

    /// <summary>An address for responses is used once: those that nobody asks for any more are forgotten.</summary>
    private void Prune()
    {
        var age = Longer(options.MaxRetryDelay, Pause) * 2;
        if (time.GetElapsedTime(_pruned) < WarningInterval)
            return;

        _pruned = time.GetTimestamp();
        foreach (var (address, destination) in _known)
        {
            if (time.GetElapsedTime(destination.Tried) > age)
                _known.Remove(address);
        }
    }

    /// <param name="Address">The destination.</param>
    /// <param name="Returned">Messages returned since the last warning.</param>
    /// <param name="Pause">After this one of them is tried again.</param>
    internal sealed record Warning(string Address, int Returned, TimeSpan Pause);

    private sealed class Destination
    {
        /// <summary>The row that is tried next.</summary>
        public long? Probe { get; set; }

        public long Tried { get; set; }
        public TimeSpan Pause { get; set; }
        public long? Warned { get; set; }
        public int Returned { get; set; }
    }
}
