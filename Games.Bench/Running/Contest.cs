using Games.AppHost.Servers;
using Games.Bench.Measuring;
using Games.Bench.Showing;

namespace Games.Bench.Running;

/// <summary>
/// Ours and the limit in turn on the same servers, each round in a new database with new processes. Who goes first changes with every
/// round, so that a machine that gets slower favours nobody.
/// </summary>
internal sealed class Contest(Servers servers, Implementation ours, Implementation limit, TimeSpan timeout)
{
    public async Task<Comparison> RunAsync(int rounds, ContestLoad load, Func<string, double, IPhase> begin, CancellationToken ct)
    {
        var (ofOurs, ofLimit) = (new List<Round>(), new List<Round>());
        var turns = begin($"{rounds} rounds each", rounds * 2);
        for (var round = 1; round <= rounds; round++)
        {
            var (name, first) = ($"round {round}", round % 2 == 1);
            foreach (var (side, results) in first ? [(ours, ofOurs), (limit, ofLimit)] : new[] { (limit, ofLimit), (ours, ofOurs) })
            {
                results.Add(await TakeTurnAsync(side, load, (what, total) => begin($"{name}, {side.Name}: {what}", total), ct));
                turns.Reached(ofOurs.Count + ofLimit.Count);
            }
        }
        return new Comparison(load.Games, load.Clients, load.Rate, ofOurs, ofLimit);
    }

    private async Task<Round> TakeTurnAsync(Implementation side, ContestLoad load, Func<string, double, IPhase> begin, CancellationToken ct)
    {
        await side.PrepareAsync(servers, ct);
        var (apiPort, botPort) = (FreePort.Next(), FreePort.Next());

        // The bot first: its queue is there before the first message is.
        await using var bot = await RunningService.StartAsync($"The bot of {side.Name}", side.Bot(servers, botPort), Implementation.AddressAt(botPort), ct);
        await using var api = await RunningService.StartAsync($"The API of {side.Name}", side.Api(servers, apiPort), Implementation.AddressAt(apiPort), ct);
        await using var database = GamesDatabase.Open(servers.ConnectionStringTo(side.Database));
        var job = new Job(Implementation.AddressAt(apiPort), database, timeout);

        await job.WarmUpAsync(load.WarmUp, load.Clients, begin, ct);
        var (apiCpu, botCpu, postgresCpu) = (api.CpuTime, bot.CpuTime, servers.PostgresCpu);
        var throughput = await job.LoadAsync(load.Games, load.Clients, begin, ct);
        (apiCpu, botCpu, postgresCpu) = (api.CpuTime - apiCpu, bot.CpuTime - botCpu, servers.PostgresCpu - postgresCpu);
        var (apiMebibytes, botMebibytes) = (api.ResidentMebibytes, bot.ResidentMebibytes);
        var latency = await job.LatencyAsync(load.Rate, load.Seconds, begin, ct);

        return new Round(throughput, latency, apiMebibytes, botMebibytes, api.StartToReady, bot.StartToReady, apiCpu, botCpu, postgresCpu);
    }
}

/// <summary>What every turn of a contest has to carry.</summary>
internal sealed record ContestLoad(int Games, int Clients, int WarmUp, double Rate, int Seconds);
