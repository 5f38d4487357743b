using Games.AppHost.Servers;
using Games.Bench.Chaos;
using Games.Tests.Servers;

namespace Games.Tests.MainJob;

/// <summary>The bench's <c>chaos</c>, short: every fault once, on servers of its own, because they are taken away.</summary>
public sealed class ChaosTests(TestServers servers)
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Nothing_is_lost_doubled_or_stuck_whatever_dies_freezes_or_restarts(bool mix, bool cluster)
    {
        var installed = await Availability.OfAsync(Task.Run(
            () => ServerBinaries.Postgres() + ServerBinaries.RabbitMq() + (cluster ? ServerBinaries.HaProxy() + ServerBinaries.FakeTime() : "")));
        Assert.NotEmpty(installed.ConnectionString);
        using var logs = new ServiceLogs(directory: null);
        var (games, faults) = cluster ? (240, 8) : (360, 9);
        var load = new ChaosLoad(
            games, mix, cluster, Clients: 8, faults, Seed: 1, Lease: TimeSpan.FromSeconds(2), Timeout: TimeSpan.FromSeconds(60));

        var figures = await new ChaosRun(servers.DirectoryOf(cluster ? "chaos-cluster" : mix ? "chaos-mix" : "chaos"), load, logs)
            .RunAsync((_, _) => new Progress<double>(), TestContext.Current.CancellationToken);

        Assert.True(figures.Passed, $"{string.Join('\n', figures.Complaints)}\nThe services said last:\n{logs.LastLines}");
        Assert.Equal(load.Faults, figures.Faults.Count);
        Assert.All(figures.Faults, fault => Assert.NotNull(fault.RecoverySeconds));
        Assert.InRange(figures.Accepted, load.Games, load.Games + load.Clients);
        Assert.Equal((0, 0, 0), (figures.Lost, figures.Doubled, figures.Stuck));
    }
}
