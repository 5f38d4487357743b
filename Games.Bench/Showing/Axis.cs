namespace Games.Bench.Showing;

/// <summary>The round numbers of an axis, and where a value lies on it: 0 at its start, 1 at its end.</summary>
internal sealed class Axis
{
    private readonly Func<double, double> _scale;

    private Axis(IReadOnlyList<double> ticks, Func<double, double> scale)
    {
        Ticks = ticks;
        _scale = scale;
    }

    public IReadOnlyList<double> Ticks { get; }

    public double Position(double value)
    {
        var (begin, end) = (_scale(Ticks[0]), _scale(Ticks[^1]));
        return Math.Clamp((_scale(value) - begin) / (end - begin), 0, 1);
    }

    /// <summary>From 0 to the first round number from <paramref name="most"/> up, in about five steps of 1, 2 or 5 times a power of ten.</summary>
    public static Axis Linear(double most)
    {
        if (!(most > 0))
            most = 1;

        var step = RoundUp(most / 5);
        var steps = (int)Math.Ceiling(most / step - 1e-9);
        return new Axis([.. Enumerable.Range(0, steps + 1).Select(tick => tick * step)], value => value);
    }

    /// <summary>Every 1, 2 and 5 times a power of ten from just below <paramref name="least"/> to just above <paramref name="most"/>.</summary>
    public static Axis Logarithmic(double least, double most)
    {
        const double Smallest = 0.1;
        var begin = RoundDown(Math.Max(least, Smallest));
        var ticks = new List<double> { begin };
        while (ticks[^1] < most || ticks.Count < 2)
            ticks.Add(RoundUp(ticks[^1] * 1.5));
        return new Axis(ticks, value => Math.Log10(Math.Max(value, begin)));
    }

    private static double RoundUp(double value) => RoundNumbersAbout(value).First(round => round >= value * (1 - 1e-9));

    private static double RoundDown(double value) => RoundNumbersAbout(value).Last(round => round <= value * (1 + 1e-9));

    private static double[] RoundNumbersAbout(double value)
    {
        var power = (int)Math.Floor(Math.Log10(value));
        return [.. from exponent in Enumerable.Range(power - 1, 3) from digit in new[] { 1, 2, 5 } select Power(digit, exponent)];
    }

    // Through decimal, so that 5 × 10⁻¹ is 0.5 and not 0.5000000000000001 under a tick.
    private static double Power(int digit, int exponent) =>
        exponent >= 0 ? digit * Math.Pow(10, exponent) : (double)(digit / (decimal)Math.Pow(10, -exponent));
}
