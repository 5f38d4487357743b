using Games.AppHost.Servers;
using Games.Bench.Chaos;
using Games.Tests.Servers;

namespace Games.Tests.MainJob;

/// <summary>The bench's <c>chaos</c>, short: every fault once, on servers of its own, because they are taken away.</summary>
[Collection(nameof(Alone))]
public sealed class ChaosTests(TestServers servers)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Nothing_is_lost_doubled_or_stuck_whatever_dies_freezes_or_restarts(bool mix) =>
        PassesAsync(servers.DirectoryOf(mix ? "chaos-mix" : "chaos"), Load(games: 360, faults: 9) with { IsMix = mix });

    internal static ChaosLoad Load(int games, int faults) => new(
        games, IsMix: false, IsCluster: false, Clients: 8, faults, Seed: 1, Lease: TimeSpan.FromSeconds(2), Timeout: TimeSpan.FromSeconds(60));

    internal static async Task PassesAsync(string directory, ChaosLoad load)
    {
        var installed = await Availability.OfAsync(Task.Run(() => ServerBinaries.Postgres() + ServerBinaries.RabbitMq()
            + (load.IsCluster ? ServerBinaries.HaProxy() + ServerBinaries.FakeTime() : "")));
        Assert.NotEmpty(installed.ConnectionString);
        using var logs = new ServiceLogs(directory: null);

        var figures = await new ChaosRun(directory, load, logs)
            .RunAsync((_, _) => new Progress<double>(), TestContext.Current.CancellationToken);

        Assert.True(figures.Passed, $"{string.Join('\n', figures.Complaints)}\nThe services said last:\n{logs.LastLines}");
        Assert.Equal(load.Faults, figures.Faults.Count);
        Assert.All(figures.Faults, fault => Assert.NotNull(fault.RecoverySeconds));
        Assert.InRange(figures.Accepted, load.Games, load.Games + load.Clients);
        Assert.Equal((0, 0, 0), (figures.Lost, figures.Doubled, figures.Stuck));
    }
}
