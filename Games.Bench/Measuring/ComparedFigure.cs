namespace Games.Bench.Measuring;

/// <summary>One figure of two implementations: each round, their medians, and how the first compares with the second.</summary>
internal sealed record ComparedFigure(string Name, string Unit, IReadOnlyList<double> Ours, IReadOnlyList<double> Limit)
{
    public double? OursMedian => MedianOf(Ours);

    public double? LimitMedian => MedianOf(Limit);

    public double? Ratio => OursMedian / LimitMedian is { } ratio && double.IsFinite(ratio) ? ratio : null;

    private static double? MedianOf(IReadOnlyList<double> values) => values.Count > 0 ? Distribution.MedianOf(values) : null;
}
