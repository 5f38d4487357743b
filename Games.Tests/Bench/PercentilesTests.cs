using Games.Bench.Measuring;

namespace Games.Tests.Bench;

public sealed class PercentilesTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(50, 50)]
    [InlineData(90, 90)]
    [InlineData(99, 99)]
    [InlineData(99.5, 100)]
    [InlineData(100, 100)]
    public void A_percentile_is_the_smallest_value_that_so_many_do_not_exceed(double percent, double expected)
    {
        var values = Distribution.Of(Enumerable.Range(1, 100).Reverse().Select(value => (double)value));

        Assert.Equal(expected, values.Percentile(percent));
    }

    [Fact]
    public void A_percentile_is_never_a_value_that_was_not_measured()
    {
        var values = Distribution.Of([10, 20]);

        Assert.Equal((10, 20, 20), (values.P50, values.P90, values.Max));
    }

    [Fact]
    public void Nothing_measured_has_no_percentiles()
    {
        var nothing = Distribution.Of([]);

        Assert.Null(nothing.P50);
        Assert.Null(nothing.Max);
        Assert.Equal(double.NaN, nothing.Percentile(99));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(100.1)]
    public void A_percentile_is_asked_for_between_0_and_100(double percent) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Distribution.Of([1]).Percentile(percent));

    [Fact]
    public void Several_runs_are_one_distribution()
    {
        var all = Distribution.OfAll([Distribution.Of([1, 9]), Distribution.Of([5])]);

        Assert.Equal((3, 5, 9), (all.Count, all.P50, all.Max));
    }

    [Theory]
    [InlineData(new[] { 3.0, 1.0, 2.0 }, 2)]
    [InlineData(new[] { 4.0, 1.0, 2.0, 3.0 }, 2.5)]
    [InlineData(new[] { 7.0 }, 7)]
    public void The_median_of_rounds_is_their_middle(double[] rounds, double expected) => Assert.Equal(expected, Distribution.MedianOf(rounds));
}
