using Games.Bench.Measuring;
using Games.Bench.Showing;

namespace Games.Bench.Running;

/// <summary>What each side does in each round.</summary>
internal sealed record ComparisonLoad(int Games, int Clients, int WarmUp, double Rate, int Seconds);

/// <summary>
/// Ours, the limit and the peers in turn on the same servers, each round on a new database with new processes. The side that begins changes with
/// every round, so that a machine that gets slower favours none.
/// </summary>
internal sealed class ComparisonRun(
    Servers servers, Implementation ours, Implementation limit, IReadOnlyList<Implementation> peers, TimeSpan timeout)
{
    public async Task<Comparison> RunAsync(int rounds, ComparisonLoad load, BeginPhase begin, CancellationToken ct)
    {
        (Implementation Side, List<Round> Rounds)[] sides = [.. peers.Prepend(limit).Prepend(ours).Select(side => (side, new List<Round>()))];
        var finished = begin($"{rounds} rounds each", rounds * sides.Length);
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var (side, results) in round % 2 == 1 ? sides : sides.Reverse())
            {
                var title = $"round {round}, {side.Name}";
                results.Add(await MeasureAsync(side, load, (phase, total) => begin($"{title}: {phase}", total), ct));
                finished.Report(sides.Sum(one => one.Rounds.Count));
            }
        }
        return new Comparison(load.Games, load.Clients, load.Rate, sides[0].Rounds, sides[1].Rounds)
        {
            Peers = sides[2..].ToDictionary(one => one.Side.Name, IReadOnlyList<Round> (one) => one.Rounds),
        };
    }

    private async Task<Round> MeasureAsync(Implementation side, ComparisonLoad load, BeginPhase begin, CancellationToken ct)
    {
        await side.PrepareAsync(servers, ct);

        // The bot declares its queue: it has to be ready before the API sends the first message.
        await using var bot = side.NewBot(servers);
        await bot.StartAsync(ct);
        await using var api = side.NewApi(servers);
        await api.StartAsync(ct);
        await using var database = GamesDatabase.Open(servers.ConnectionStringTo(side.Database));
        var job = new Job(api.Address, database, timeout);

        await job.WarmUpAsync(load.WarmUp, load.Clients, begin, ct);
        var (apiCpu, botCpu, postgresCpu) = (api.CpuTime, bot.CpuTime, servers.PostgresCpu);
        var throughput = await job.LoadAsync(load.Games, load.Clients, begin, ct);
        (apiCpu, botCpu, postgresCpu) = (api.CpuTime - apiCpu, bot.CpuTime - botCpu, servers.PostgresCpu - postgresCpu);
        var (apiMebibytes, botMebibytes) = (api.ResidentMebibytes, bot.ResidentMebibytes);
        var latency = await job.LatencyAsync(load.Rate, load.Seconds, begin, ct);

        return new Round(throughput, latency, apiMebibytes, botMebibytes, api.StartToReady, bot.StartToReady, apiCpu, botCpu, postgresCpu);
    }
}
