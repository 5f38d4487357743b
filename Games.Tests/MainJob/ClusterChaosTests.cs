using Games.Tests.Servers;

namespace Games.Tests.MainJob;

/// <summary>The bench's <c>chaos --cluster</c>, short. Its fifteen processes leave a machine of two cores nothing for other tests.</summary>
[Collection(nameof(Alone))]
public sealed class ClusterChaosTests(TestServers servers)
{
    [Fact]
    public Task Nothing_is_lost_doubled_or_stuck_whatever_dies_freezes_or_is_cut_off() => ChaosTests.PassesAsync(
        servers.DirectoryOf("chaos-cluster"), ChaosTests.Load(games: 240, faults: 8) with { IsMix = true, IsCluster = true });
}
