using System.Collections.Concurrent;
using System.Diagnostics;

namespace Games.Bench.Chaos;

/// <summary>Inflicts the planned faults at their moments, one at a time on each target, and notes when.</summary>
internal sealed class FaultConductor(SystemUnderFire system, IReadOnlyList<PlannedFault> plan, Progress progress, int games)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> targets = new();
    private readonly ConcurrentQueue<Record> records = new();
    private readonly ConcurrentQueue<string> complaints = new();

    /// <summary>Faults whose end did not come, and those whose moment did not.</summary>
    public IEnumerable<string> Complaints => complaints.Concat(plan.Skip(records.Count).Select(fault => $"{fault.Name} was not reached, at game {fault.AtGame}"));

    public async Task RunAsync(CancellationToken ct)
    {
        var running = new List<Task>();
        try
        {
            foreach (var (number, fault) in plan.Index())
            {
                progress.AdmitUpTo(fault.From);
                await progress.ReachedAsync(fault.From, ct);
                if (!fault.Overlaps)
                    await Task.WhenAll(running);

                progress.AdmitUpTo(number + 1 < plan.Count ? plan[number + 1].From : games);
                await progress.ReachedAsync(fault.AtGame, ct);
                running.Add(Task.Run(() => InflictAsync(fault, ct), ct));
            }
        }
        finally
        {
            await Task.WhenAll(running);
        }
    }

    /// <summary>What each fault cost, by the announcements and when they were committed.</summary>
    /// <param name="accepted">Games answered 201, in the order of their answers.</param>
    public IReadOnlyList<InflictedFault> Costs(IReadOnlyList<Guid> accepted, IReadOnlyDictionary<Guid, (DateTime Committed, TimeSpan Wait)> announcements) =>
        [.. records.OrderBy(record => record.At).Select(record => CostOf(record, accepted, announcements))];

    private static InflictedFault CostOf(Record record, IReadOnlyList<Guid> accepted, IReadOnlyDictionary<Guid, (DateTime Committed, TimeSpan Wait)> announcements)
    {
        var times = accepted.Take(record.AtGame).Select(game => announcements.TryGetValue(game, out var announced) ? announced.Committed : (DateTime?)null).ToList();
        var waiting = times.Where(time => time is null || time > record.At).ToList();
        double? recovery = waiting.Contains(null) ? null : waiting.Select(time => (time!.Value - record.At).TotalSeconds).DefaultIfEmpty(0).Max();
        return new InflictedFault(record.Fault.Name, record.AtGame, record.Fault.Overlaps, record.Outage.TotalSeconds, waiting.Count, recovery);
    }

    private async Task InflictAsync(PlannedFault fault, CancellationToken ct)
    {
        var alone = targets.GetOrAdd(fault.Target, _ => new SemaphoreSlim(1));
        await alone.WaitAsync(ct);
        var record = new Record(fault, progress.Count, TimeProvider.System.GetUtcNow().UtcDateTime);
        records.Enqueue(record);
        var started = Stopwatch.GetTimestamp();
        try
        {
            await system.InflictAsync(fault, ct);
        }
        catch (Exception trouble) when (!ct.IsCancellationRequested)
        {
            // Whatever it is: the load waits for the end of this fault, and the check for both.
            complaints.Enqueue($"{fault.Name}, at game {record.AtGame}: {trouble.Message}");
        }
        finally
        {
            record.Outage = Stopwatch.GetElapsedTime(started);
            alone.Release();
        }
    }

    private sealed record Record(PlannedFault Fault, int AtGame, DateTime At)
    {
        public TimeSpan Outage { get; set; }
    }
}
