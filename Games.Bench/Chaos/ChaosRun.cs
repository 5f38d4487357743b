using System.Diagnostics;
using Games.AppHost.Servers;
using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;
using RabbitMQ.Client.Exceptions;

namespace Games.Bench.Chaos;

/// <summary>What a run under fire has to carry.</summary>
/// <param name="Lease">The outbox's lease; a frozen process stands still for longer than this.</param>
/// <param name="Patience">How long nothing may be accepted, and how long the system may take to come to rest.</param>
internal sealed record ChaosLoad(int Games, int Clients, int Faults, int Seed, TimeSpan Lease, TimeSpan Patience);

/// <summary>
/// Games at full load while the faults of a seed are inflicted; then, when all has come to rest and the services are stopped, the question
/// whether anything is lost, doubled or stuck.
/// </summary>
/// <param name="directory">For the servers' data.</param>
internal sealed class ChaosRun(string directory, ChaosLoad load, ServiceLogs logs)
{
    private const string Queue = "announce-game";
    private static readonly string[] Queues = [Queue, $"{Queue}_error", $"{Queue}_skipped"];

    // A client that waits as long as a replica stands still would be one of the stopped, not of the load.
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    public async Task<ChaosFigures> RunAsync(Func<string, double, IPhase> begin, CancellationToken ct)
    {
        var plan = FaultPlan.Of(load.Seed, load.Games, load.Faults);
        await using var system = new SystemUnderFire(directory, load.Lease, logs);
        var starting = begin("servers and services started", 1);
        await StartAsync(system, ct);
        starting.Reached(1);

        var progress = new Progress(load.Games);
        var conductor = new FaultConductor(system, plan, progress, load.Games);
        var complaints = new List<string>();
        var started = Stopwatch.GetTimestamp();
        var (posted, failures) = await PostAsync(system, progress, conductor, complaints, begin, ct);
        var posting = Stopwatch.GetElapsedTime(started);

        var check = new ChaosCheck(system.Database);
        if (!await RestAsync(system, check, begin, ct))
            complaints.Add($"The system did not come to rest within {load.Patience.TotalSeconds:0} s after the last answer.");
        await system.StopServicesAsync();

        var accepted = progress.Accepted;
        Finding[] findings =
        [
            .. await check.FindingsAsync(accepted, posted, ct),
            .. await LeftInQueuesAsync(system, ct),
            .. FindingOf(Fate.Doubled, "consumed more than once, by the bots' logs", logs.AnnouncedAgain),
            .. FindingOf(Fate.Wrong, "not there yet when the event came, by the bots' logs", logs.NotFound),
        ];
        var announcements = await check.AnnouncementsAsync(ct);
        var faults = conductor.Costs(accepted, announcements);
        return new ChaosFigures(
            load.Seed,
            accepted.Count,
            failures.Values.Sum(),
            failures,
            Math.Max(0, await check.GamesAsync(ct) - accepted.Count),
            faults,
            Count(Fate.Lost),
            Count(Fate.Doubled),
            Count(Fate.Stuck),
            logs.Repeats,
            Math.Max(0, logs.Announced - announcements.Count),
            posting.TotalSeconds,
            faults.All(fault => fault.RecoverySeconds is not null) ? faults.Max(fault => fault.RecoverySeconds) : null,
            announcements.Count > 0 ? announcements.Values.Max(announcement => announcement.Wait).TotalSeconds : null,
            [.. complaints, .. conductor.Complaints, .. findings.Select(finding => finding.ToString())]);

        int Count(Fate fate) => findings.Where(finding => finding.Fate == fate).SelectMany(finding => finding.Where).Distinct().Count();
    }

    private static IEnumerable<Finding> FindingOf(Fate fate, string what, IReadOnlyList<Guid> games) =>
        games.Count > 0 ? [new Finding(fate, what, [.. games.Select(game => game.ToString())])] : [];

    private static async Task<IEnumerable<Finding>> LeftInQueuesAsync(SystemUnderFire system, CancellationToken ct)
    {
        var queues = new BrokerQueues(system.RabbitMq);
        var left = new List<Finding>();
        foreach (var queue in Queues)
            left.Add(new Finding(Fate.Stuck, $"in the queue {queue}", await queues.MessagesAsync(queue, ct)));
        return left.Where(finding => finding.Where.Count > 0);
    }

    private static async Task StartAsync(SystemUnderFire system, CancellationToken ct)
    {
        try
        {
            await system.StartAsync(ct);
        }
        catch (ServerUnavailableException unavailable)
        {
            throw new BenchException(unavailable.Message);
        }
    }

    private async Task<(int Posted, IReadOnlyDictionary<string, int> Failures)> PostAsync(
        SystemUnderFire system, Progress progress, FaultConductor conductor, List<string> complaints, Func<string, double, IPhase> begin, CancellationToken ct)
    {
        var run = $"chaos {load.Seed}";
        var posters = system.Apis.Select(api => new GamePoster(api.Address, run, load.Clients, ClientPatience)).ToList();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var posts = new FireLoad(posters, progress, load.Clients);
        var faults = conductor.RunAsync(ending.Token);
        try
        {
            if (!await posts.RunAsync(load.Patience, begin($"{load.Games} games accepted under {load.Faults} faults", load.Games), ct))
            {
                complaints.Add($"No game was accepted for {load.Patience.TotalSeconds:0} s after {progress.Count}, so no more were posted.");
                await ending.CancelAsync();
            }
        }
        catch
        {
            await ending.CancelAsync();
            throw;
        }
        finally
        {
            // Also when we are told to stop: a fault that goes on would start again what is about to be stopped.
            await EndedAsync(faults);
            posters.ForEach(poster => poster.Dispose());
        }

        ct.ThrowIfCancellationRequested();
        return (posts.Posted, posts.Failures);
    }

    private static async Task EndedAsync(Task faults)
    {
        try
        {
            await faults;
        }
        catch (OperationCanceledException)
        {
            // The load has given up, and so have the faults: the complaints say both.
        }
    }

    /// <summary>Waits until nothing is on its way at two looks in a row; false if that takes too long.</summary>
    private async Task<bool> RestAsync(SystemUnderFire system, ChaosCheck check, Func<string, double, IPhase> begin, CancellationToken ct)
    {
        var (started, phase, looks, most) = (Stopwatch.GetTimestamp(), begin("come to rest", 100), 0, 0L);
        while (Stopwatch.GetElapsedTime(started) < load.Patience)
        {
            if (await UnrestAsync(system, check, ct) is { } left)
            {
                most = Math.Max(most, left);
                looks = left == 0 ? looks + 1 : 0;
                phase.Reached(most == 0 ? 100 : 100.0 * (most - left) / most);
                if (looks == 2)
                    return true;
            }

            await Task.Delay(Look, ct);
        }
        return false;
    }

    private static async Task<long?> UnrestAsync(SystemUnderFire system, ChaosCheck check, CancellationToken ct)
    {
        try
        {
            var (notAnnounced, pending) = await check.UnrestAsync(ct);
            var queued = await new BrokerQueues(system.RabbitMq).CountAsync([Queue], ct);
            return notAnnounced + pending + queued[Queue];
        }
        catch (Exception away) when (away is NpgsqlException or BrokerUnreachableException or OperationInterruptedException or IOException)
        {
            // A connection of the pool that a fault has cut; the next look has another.
            return null;
        }
    }
}
