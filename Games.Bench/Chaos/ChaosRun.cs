using System.Diagnostics;
using Games.Bench.Driving;
using Games.Bench.Measuring;
using Games.Bench.Mix;
using Games.Bench.Showing;
using Npgsql;
using RabbitMQ.Client.Exceptions;

namespace Games.Bench.Chaos;

/// <summary>The load of a run.</summary>
/// <param name="Games">To be accepted; requests in a mix.</param>
/// <param name="IsMix">Whether all that people do with games is done, and not only their creation.</param>
/// <param name="IsCluster">Whether on several nodes of each server, and up to Discord.</param>
/// <param name="Lease">The outbox's lease; a process is frozen for longer than this.</param>
/// <param name="Timeout">For the next game to be accepted, and for the system to come nearer to its rest.</param>
internal sealed record ChaosLoad(int Games, bool IsMix, bool IsCluster, int Clients, int Faults, int Seed, TimeSpan Lease, TimeSpan Timeout)
{
    public FaultSet Set => IsCluster ? FaultSet.Cluster : FaultSet.OneOfEachServer;
}

/// <summary>
/// Games at full load while the faults of a seed are inflicted; then, when no message is under way and the services are stopped, a check
/// that nothing is lost, doubled or stuck.
/// </summary>
/// <param name="directory">For the servers' data.</param>
internal sealed class ChaosRun(string directory, ChaosLoad load, ServiceLogs logs)
{
    private static readonly string[] Queues =
    [
        "announce-game", "update-announcement", "notify-of-change", "notify-of-cancellation", "notify-of-removal", "notify-of-promotion",
        "notify-of-demotion",
    ];

    // Shorter than a freeze: a client must not wait for the whole of it, else the load stands still too.
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    public async Task<ChaosFigures> RunAsync(BeginPhase begin, CancellationToken ct)
    {
        var plan = FaultPlan.Of(load.Seed, load.Games, load.Faults, load.Set);
        await using ChaosSystem system = load.IsCluster
            ? new ClusterSystem(directory, load.Lease, logs)
            : new PairSystem(directory, load.Lease, logs);
        var starting = begin("servers and services started", 1);
        await system.StartAsync(ct);
        starting.Report(1);

        var accepted = new AcceptedGames(load.Games);
        var conductor = new FaultConductor(system, plan, accepted, load.Games);
        var complaints = new List<string>();
        var started = Stopwatch.GetTimestamp();
        var clients = await PostAsync(system, accepted, conductor, complaints, begin, ct);
        var posting = Stopwatch.GetElapsedTime(started);

        var check = new ChaosCheck(system.Database);
        var isAtRest = await WaitForRestAsync(system, check, begin, ct);
        // What their last requests have said leaves by the bots, whose relays are as good.
        await system.StopApisAsync();
        if (!isAtRest || !await WaitForRestAsync(system, check, begin, ct))
            complaints.Add($"The system did not come nearer to its rest for {load.Timeout.TotalSeconds:0} s.");
        await system.StopBotsAsync();

        Finding[] findings =
        [
            .. await check.FindingsAsync(accepted.Ids, clients.Posted, ct),
            .. load.IsMix ? await new MixCheck(system.Database).FindingsAsync(clients.Done, ct) : [],
            .. await LeftInQueuesAsync(system, ct),
            .. await system.FindingsAsync(ct),
            // In a mix an event finds the announcement at its version already whenever a later one has been faster.
            .. load.IsMix ? [] : FindingOf(FindingKind.Doubled, "consumed more than once, by the bots' logs", logs.AnnouncedAgain),
            .. FindingOf(FindingKind.Wrong, "not there yet when the event came, by the bots' logs", logs.NotFound),
        ];
        var announcements = await check.AnnouncementsAsync(ct);
        var faults = conductor.Costs(announcements);
        return new ChaosFigures(
            load.Seed,
            accepted.Count,
            clients.Failures.Values.Sum(),
            clients.Failures,
            clients.Refused,
            clients.Stale,
            Math.Max(0, await check.GamesAsync(ct) - accepted.Ids.Count),
            faults,
            Count(FindingKind.Lost),
            Count(FindingKind.Doubled),
            Count(FindingKind.Stuck),
            logs.Repeats,
            Math.Max(0, logs.Announced - announcements.Count),
            posting.TotalSeconds,
            faults.All(fault => fault.RecoverySeconds is not null) ? faults.Max(fault => fault.RecoverySeconds) : null,
            announcements.Count > 0 ? announcements.Values.Max(announcement => announcement.Wait).TotalSeconds : null,
            [.. complaints, .. conductor.Complaints, .. findings.Select(finding => finding.ToString())]);

        int Count(FindingKind kind) => findings.Where(finding => finding.Kind == kind).SelectMany(finding => finding.Items).Distinct().Count();
    }

    private string What => load.IsMix ? "requests" : "games";

    private Func<int, CancellationToken, Task<MixedRequest>> Sending(GamePoster poster, KnownGames known) => load.IsMix
        ? new MixedClient(poster, known).SendAsync
        : async (number, ct) =>
        {
            var answer = await poster.PostAsync(number, ct);
            return new MixedRequest(RequestKind.Create, answer.GameId, Refusal: answer.Refusal);
        };

    private static IEnumerable<Finding> FindingOf(FindingKind kind, string what, IReadOnlyList<Guid> games) =>
        games.Count > 0 ? [new Finding(kind, what, [.. games.Select(game => game.ToString())])] : [];

    private static async Task<IEnumerable<Finding>> LeftInQueuesAsync(ChaosSystem system, CancellationToken ct)
    {
        var queues = new BrokerQueues(system.RabbitMq);
        var left = new List<Finding>();
        foreach (var queue in Queues.SelectMany(queue => new[] { queue, $"{queue}_error", $"{queue}_skipped" }))
            left.Add(new Finding(FindingKind.Stuck, $"in the queue {queue}", await queues.MessagesAsync(queue, ct)));
        return left.Where(finding => finding.Items.Count > 0);
    }

    private async Task<ChaosClients> PostAsync(
        ChaosSystem system, AcceptedGames accepted, FaultConductor conductor, List<string> complaints, BeginPhase begin, CancellationToken ct)
    {
        var run = $"chaos {load.Seed}";
        var key = await BenchKey.CreateAsync(system.Database, ct);
        var posters = system.Entrances
            .Select(entrance => new GamePoster(entrance, key, run, load.Clients, RequestTimeout, system.Channels)).ToList();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var known = new KnownGames();
        var clients = new ChaosClients([.. posters.Select(poster => Sending(poster, known))], accepted, load.Clients);
        var faults = conductor.RunAsync(ending.Token);
        try
        {
            if (!await clients.RunAsync(load.Timeout, begin($"{load.Games} {What} accepted under {load.Faults} faults", load.Games), ct))
            {
                complaints.Add($"None of the {What} was accepted for {load.Timeout.TotalSeconds:0} s after {accepted.Count}, so no more were sent.");
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
            // Also after Ctrl+C: a fault under way restarts what the end of the run stops.
            await faults.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            posters.ForEach(poster => poster.Dispose());
        }

        ct.ThrowIfCancellationRequested();
        if (faults.IsFaulted)
            await faults;
        return clients;
    }

    /// <summary>Waits until no message is under way at two polls in a row; false when they have not become fewer for the timeout.</summary>
    private async Task<bool> WaitForRestAsync(ChaosSystem system, ChaosCheck check, BeginPhase begin, CancellationToken ct)
    {
        var (fewer, phase, pollsAtRest, most, least) = (Stopwatch.GetTimestamp(), begin("come to rest", 100), 0, 0L, long.MaxValue);
        while (Stopwatch.GetElapsedTime(fewer) < load.Timeout)
        {
            if (await CountPendingAsync(system, check, ct) is { } left)
            {
                if (left < least)
                    (least, fewer) = (left, Stopwatch.GetTimestamp());
                most = Math.Max(most, left);
                pollsAtRest = left == 0 ? pollsAtRest + 1 : 0;
                phase.Report(most == 0 ? 100 : 100.0 * (most - left) / most);
                if (pollsAtRest == 2)
                    return true;
            }

            await Task.Delay(PollInterval, ct);
        }
        return false;
    }

    private static async Task<long?> CountPendingAsync(ChaosSystem system, ChaosCheck check, CancellationToken ct)
    {
        try
        {
            var queued = await new BrokerQueues(system.RabbitMq).CountAsync(Queues, ct);
            return await check.CountPendingAsync(ct) + await system.CountPendingAsync(ct) + queued.Values.Sum(count => count);
        }
        catch (Exception away) when (away is NpgsqlException or BrokerUnreachableException or OperationInterruptedException or IOException)
        {
            // A fault has broken this connection of the pool; the next poll gets another one.
            return null;
        }
    }
}
