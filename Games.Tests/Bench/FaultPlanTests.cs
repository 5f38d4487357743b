using Games.Bench.Chaos;

namespace Games.Tests.Bench;

public sealed class FaultPlanTests
{
    [Fact]
    public void A_seed_says_everything() => Assert.Equal(Plan(7, 20_000, 18), Plan(7, 20_000, 18));

    [Fact]
    public void Another_seed_says_something_else() => Assert.NotEqual(Plan(7, 20_000, 18), Plan(8, 20_000, 18));

    [Theory]
    [InlineData(180, 9, false)]
    [InlineData(3_000, 20, false)]
    [InlineData(20_000, 18, false)]
    [InlineData(160, 8, true)]
    [InlineData(3_000, 20, true)]
    public void Every_kind_comes_before_any_comes_again_and_each_has_its_moment_under_load(int games, int faults, bool isCluster)
    {
        var set = isCluster ? FaultSet.Cluster : FaultSet.OneOfEachServer;
        for (var seed = 0; seed < 100; seed++)
        {
            var plan = FaultPlan.Of(seed, games, faults, set);

            Assert.Equal(faults, plan.Count);
            Assert.All(plan.Chunk(set.Kinds.Count), round => Assert.Equal(round.Length, round.DistinctBy(fault => fault.Kind).Count()));
            Assert.All(plan, fault => Assert.InRange(fault.AtGame, fault.From + 1, games - 1));
            Assert.All(plan.Zip(plan.Skip(1)), pair => Assert.True(pair.First.AtGame < pair.Second.From));
            Assert.All(plan, fault => Assert.InRange(fault.Replica, 1, set.Replicas));
            Assert.False(plan[0].Overlaps);
        }
    }

    [Fact]
    public void Fewer_faults_than_kinds_or_games_than_faults_need_are_refused()
    {
        var kinds = FaultSet.OneOfEachServer.Kinds.Count;

        Assert.Throws<ArgumentOutOfRangeException>(() => Plan(1, 20_000, kinds - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Plan(1, kinds * FaultPlan.LeastGames - 1, kinds));
    }

    private static IReadOnlyList<PlannedFault> Plan(int seed, int games, int faults) => FaultPlan.Of(seed, games, faults, FaultSet.OneOfEachServer);
}
