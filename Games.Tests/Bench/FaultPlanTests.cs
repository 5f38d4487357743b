using Games.Bench.Chaos;

namespace Games.Tests.Bench;

public sealed class FaultPlanTests
{
    [Fact]
    public void A_seed_says_everything() => Assert.Equal(FaultPlan.Of(7, 20_000, 18), FaultPlan.Of(7, 20_000, 18));

    [Fact]
    public void Another_seed_says_something_else() => Assert.NotEqual(FaultPlan.Of(7, 20_000, 18), FaultPlan.Of(8, 20_000, 18));

    [Theory]
    [InlineData(180, 9)]
    [InlineData(3_000, 20)]
    [InlineData(20_000, 18)]
    public void Every_kind_comes_before_any_comes_again_and_each_has_its_moment_under_load(int games, int faults)
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var plan = FaultPlan.Of(seed, games, faults);

            Assert.Equal(faults, plan.Count);
            Assert.All(plan.Chunk(FaultPlan.Kinds), round => Assert.Equal(round.Length, round.DistinctBy(fault => fault.Kind).Count()));
            Assert.All(plan, fault => Assert.InRange(fault.AtGame, fault.From + 1, games - 1));
            Assert.All(plan.Zip(plan.Skip(1)), pair => Assert.True(pair.First.AtGame < pair.Second.From));
            Assert.All(plan, fault => Assert.InRange(fault.Replica, 1, 2));
            Assert.False(plan[0].Overlaps);
        }
    }

    [Fact]
    public void Fewer_faults_than_kinds_or_games_than_faults_need_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FaultPlan.Of(1, 20_000, FaultPlan.Kinds - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => FaultPlan.Of(1, FaultPlan.Kinds * FaultPlan.LeastGames - 1, FaultPlan.Kinds));
    }
}
