using System.Collections.Concurrent;
using System.Diagnostics;

namespace Games.Bench.Chaos;

/// <summary>Inflicts the planned faults at their moments, one at a time on each target, and records when.</summary>
internal sealed class FaultConductor(ChaosSystem system, IReadOnlyList<PlannedFault> plan, AcceptedGames accepted, int total)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _targets = new();
    private readonly ConcurrentQueue<Record> _records = new();
    private readonly ConcurrentQueue<string> _complaints = new();

    /// <summary>Faults that did not end, and those whose moment was not reached.</summary>
    public IEnumerable<string> Complaints =>
        _complaints.Concat(plan.Skip(_records.Count).Select(fault => $"{fault.Name} was not reached, at game {fault.AtGame}"));

    public async Task RunAsync(CancellationToken ct)
    {
        var running = new List<Task>();
        try
        {
            foreach (var (number, fault) in plan.Index())
            {
                accepted.RaiseLimitTo(fault.From);
                await accepted.ReachedAsync(fault.From, ct);
                if (!fault.Overlaps)
                    await Task.WhenAll(running);

                accepted.RaiseLimitTo(number + 1 < plan.Count ? plan[number + 1].From : total);
                await accepted.ReachedAsync(fault.AtGame, ct);
                running.Add(Task.Run(() => InflictAsync(fault, ct), ct));
            }
        }
        finally
        {
            await Task.WhenAll(running);
        }
    }

    /// <summary>What each fault cost, by the announcements and when they were committed.</summary>
    public IReadOnlyList<InflictedFault> Costs(IReadOnlyDictionary<Guid, CommittedAnnouncement> announcements)
    {
        var games = accepted.Ids;
        return [.. _records.OrderBy(record => record.At).Select(record => CostOf(record, games, announcements))];
    }

    private InflictedFault CostOf(Record record, IReadOnlyList<Guid> games, IReadOnlyDictionary<Guid, CommittedAnnouncement> announcements)
    {
        var times = games.Take(record.Games).Select(game => announcements.GetValueOrDefault(game)?.At).ToList();
        var waiting = times.Where(time => time is null || time > record.At).ToList();
        double? recovery = waiting.Contains(null) ? null : waiting.Select(time => (time!.Value - record.At).TotalSeconds).DefaultIfEmpty(0).Max();
        return new InflictedFault(
            record.Fault.Name,
            record.AtGame,
            record.Fault.Overlaps,
            record.Outage.TotalSeconds,
            waiting.Count,
            recovery,
            recovery is { } seconds ? UpTime(record.At, record.At.AddSeconds(seconds)).TotalSeconds : null);
    }

    /// <summary>The time within the two in which no fault's outage lasted.</summary>
    private TimeSpan UpTime(DateTime from, DateTime to)
    {
        var (up, at) = (TimeSpan.Zero, from);
        foreach (var outage in _records.OrderBy(record => record.At))
        {
            var (begin, end) = (outage.At < to ? outage.At : to, outage.At + outage.Outage);
            if (begin > at)
                up += begin - at;
            if (end > at)
                at = end;
        }
        return at < to ? up + (to - at) : up;
    }

    private async Task InflictAsync(PlannedFault fault, CancellationToken ct)
    {
        var target = _targets.GetOrAdd(fault.Target, _ => new SemaphoreSlim(1));
        await target.WaitAsync(ct);
        var record = new Record(fault, accepted.Count, accepted.Ids.Count, TimeProvider.System.GetUtcNow().UtcDateTime);
        _records.Enqueue(record);
        var started = Stopwatch.GetTimestamp();
        try
        {
            await system.InflictAsync(fault, ct);
        }
        catch (Exception trouble) when (!ct.IsCancellationRequested)
        {
            // Any exception: the load waits for the end of this fault, so it must not end the run.
            _complaints.Enqueue($"{fault.Name}, at game {record.AtGame}: {trouble.Message}");
        }
        finally
        {
            record.Outage = Stopwatch.GetElapsedTime(started);
            target.Release();
        }
    }

    private sealed record Record(PlannedFault Fault, int AtGame, int Games, DateTime At)
    {
        public TimeSpan Outage { get; set; }
    }
}
