namespace Games.Bench.Measuring;

/// <summary>
/// Measured values and their exact percentiles by nearest rank. Not HdrHistogram: a run has a million values at most, which need no rounding into
/// buckets.
/// </summary>
internal sealed class Distribution
{
    private readonly double[] _ascending;

    private Distribution(double[] ascending) => _ascending = ascending;

    public int Count => _ascending.Length;

    public double? P50 => MeasuredAt(50);

    public double? P90 => MeasuredAt(90);

    public double? P99 => MeasuredAt(99);

    public double? Max => MeasuredAt(100);

    public static Distribution Of(IEnumerable<double> values)
    {
        var ascending = values.ToArray();
        Array.Sort(ascending);
        return new Distribution(ascending);
    }

    public static Distribution OfAll(IEnumerable<Distribution> distributions) =>
        Of(distributions.SelectMany(distribution => distribution._ascending));

    /// <param name="percent">0 to 100.</param>
    /// <returns>The smallest value that at least <paramref name="percent"/> of the values do not exceed; NaN of nothing.</returns>
    public double Percentile(double percent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(percent, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        if (Count == 0)
            return double.NaN;

        var rank = (int)Math.Ceiling(percent / 100 * Count);
        return _ascending[Math.Max(rank, 1) - 1];
    }

    private double? MeasuredAt(double percent) => Count == 0 ? null : Percentile(percent);

    /// <summary>The mean of the two middle values of an even count: what a median of a few rounds means to people.</summary>
    public static double MedianOf(IEnumerable<double> values)
    {
        var ascending = values.Order().ToArray();
        if (ascending.Length == 0)
            return double.NaN;

        var middle = ascending.Length / 2;
        return ascending.Length % 2 == 1 ? ascending[middle] : (ascending[middle - 1] + ascending[middle]) / 2;
    }
}
