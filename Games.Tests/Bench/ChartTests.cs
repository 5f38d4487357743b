using System.Xml.Linq;
using Games.Bench.Measuring;
using Games.Bench.Showing;

namespace Games.Tests.Bench;

public sealed class ChartTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void A_chart_is_an_svg_document_with_its_words_escaped()
    {
        var chart = XDocument.Parse(new SvgChart("Ours < limit & more", "subtitle")
            .Bars("Throughput", "games a second", ["end to end"], new BarSeries("ours", [1]))
            .ToXml());

        Assert.Equal(Svg + "svg", chart.Root!.Name);
        Assert.Contains("Ours < limit & more", Words(chart));
        Assert.Contains("games a second", Words(chart));
    }

    [Fact]
    public void A_bar_is_as_high_as_its_value()
    {
        var chart = XDocument.Parse(new SvgChart("t", "s")
            .Bars("h", "unit", ["a"], new BarSeries("ours", [600]), new BarSeries("limit", [1_200]))
            .ToXml());

        var heights = chart.Descendants(Svg + "rect")
            .Select(bar => (string?)bar.Attribute("height"))
            .Where(height => height is not ("12" or "100%"))
            .Select(height => double.Parse(height!))
            .ToArray();

        Assert.Equal(2, heights.Length);
        Assert.Equal(heights[0] * 2, heights[1], tolerance: 0.05);
        Assert.Contains("1,200", Words(chart));
    }

    [Fact]
    public void A_figure_that_is_missing_is_a_dash_and_not_a_bar()
    {
        var chart = XDocument.Parse(new SvgChart("t", "s").Bars("h", "unit", ["a"], new BarSeries("ours", [double.NaN])).ToXml());

        Assert.Contains("–", Words(chart));
        Assert.DoesNotContain("NaN", chart.ToString());
    }

    [Fact]
    public void A_latency_curve_rises_from_the_fastest_to_the_slowest()
    {
        var chart = XDocument.Parse(new SvgChart("t", "s").Latencies("h", ("ours", Distribution.Of([1, 10, 100]))).ToXml());

        var points = ((string)chart.Descendants(Svg + "polyline").Single().Attribute("points")!)
            .Split(' ')
            .Select(point => point.Split(',').Select(double.Parse).ToArray())
            .ToArray();

        Assert.Equal(points.OrderBy(point => point[0]).ThenByDescending(point => point[1]), points);
        Assert.Equal((points[0][0] + points[^1][0]) / 2, points[points.Length / 2][0], tolerance: 0.05);
        Assert.Contains("ours: p50 10, p99 100 ms", Words(chart));
    }

    [Fact]
    public void Nothing_measured_is_a_chart_without_a_curve()
    {
        var chart = XDocument.Parse(new SvgChart("t", "s").Latencies("h", ("ours", Distribution.Of([]))).ToXml());

        Assert.Empty(chart.Descendants(Svg + "polyline"));
    }

    [Theory]
    [InlineData(1_482, new double[] { 0, 500, 1_000, 1_500 })]
    [InlineData(100, new double[] { 0, 20, 40, 60, 80, 100 })]
    [InlineData(0.7, new[] { 0, 0.2, 0.4, 0.6, 0.8 })]
    [InlineData(0, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    public void A_linear_axis_has_round_numbers_from_zero(double most, double[] expected) => AssertTicks(expected, Axis.Linear(most));

    [Theory]
    [InlineData(3, 44, new double[] { 2, 5, 10, 20, 50 })]
    [InlineData(0.3, 1, new[] { 0.2, 0.5, 1 })]
    [InlineData(0, 0, new[] { 0.1, 0.2 })]
    public void A_logarithmic_axis_has_one_two_and_five_of_each_power(double least, double most, double[] expected) =>
        AssertTicks(expected, Axis.Logarithmic(least, most));

    [Fact]
    public void Equal_factors_are_equal_distances_on_a_logarithmic_axis()
    {
        var axis = Axis.Logarithmic(1, 100);

        Assert.Equal((0, 0.5, 1), (axis.Position(1), axis.Position(10), axis.Position(100)));
    }

    private static void AssertTicks(double[] expected, Axis axis)
    {
        Assert.Equal(expected.Length, axis.Ticks.Count);
        Assert.All(expected.Zip(axis.Ticks), tick => Assert.Equal(tick.First, tick.Second, tolerance: 1e-9));
    }

    private static IEnumerable<string> Words(XDocument chart) => chart.Descendants(Svg + "text").Select(text => text.Value);
}
