namespace Games.Bot.Ingestion;

/// <summary>
/// Durations of the last 60 minutes in a memory that does not grow with them: a histogram a minute, whose buckets are 10 % apart. So a
/// percentile is at most 10 % above the true one; the maximum is exact.
/// </summary>
internal sealed class LastHour(TimeProvider clock)
{
    private const int Minutes = 60;
    private const double Smallest = 0.001;
    private const double Growth = 1.1;

    // 1 ms to about 40 days.
    private const int Buckets = 230;

    private readonly Lock _key = new();
    private readonly Minute[] _minutes = [.. Enumerable.Range(0, Minutes).Select(_ => new Minute())];

    public void Add(double seconds)
    {
        var number = Number();
        lock (_key)
        {
            var minute = _minutes[number % Minutes];
            if (minute.Number != number)
            {
                (minute.Number, minute.Max) = (number, 0);
                Array.Clear(minute.Counts);
            }

            minute.Counts[Bucket(seconds)]++;
            minute.Max = Math.Max(minute.Max, seconds);
        }
    }

    /// <summary>In seconds; null where the hour has seen none.</summary>
    public (long Count, double? P50, double? P90, double? Max) Read()
    {
        var counts = new long[Buckets];
        var max = 0.0;
        lock (_key)
        {
            foreach (var minute in _minutes.Where(minute => minute.Number > Number() - Minutes))
            {
                for (var i = 0; i < Buckets; i++)
                    counts[i] += minute.Counts[i];
                max = Math.Max(max, minute.Max);
            }
        }

        var all = counts.Sum();
        return all == 0 ? (0, null, null, null) : (all, Percentile(counts, all * 0.5, max), Percentile(counts, all * 0.9, max), max);
    }

    private static double Percentile(long[] counts, double rank, double max)
    {
        var seen = 0L;
        for (var i = 0; i < Buckets; i++)
        {
            seen += counts[i];
            if (seen >= rank)
                return Math.Min(max, Smallest * Math.Pow(Growth, i));
        }

        return max;
    }

    /// <summary>The first bucket whose upper end is not below.</summary>
    private static int Bucket(double seconds) =>
        seconds <= Smallest ? 0 : Math.Min(Buckets - 1, (int)Math.Ceiling(Math.Log(seconds / Smallest, Growth)));

    private long Number() => clock.GetUtcNow().ToUnixTimeSeconds() / 60;

    private sealed class Minute
    {
        public long Number { get; set; } = long.MinValue;
        public double Max { get; set; }
        public int[] Counts { get; } = new int[Buckets];
    }
}
