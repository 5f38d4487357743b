using Games.Bench.Measuring;

namespace Games.Bench.Showing;

/// <summary>The charts of the commands.</summary>
internal static class Charts
{
    public static SvgChart OfJob(string title, JobFigures figures) =>
        new SvgChart(title, "The main job, from POST to announcement, everything on one machine")
            .Bars(
                "Throughput",
                "games a second",
                ["accepted POSTs", "end to end"],
                new BarSeries("this run", [figures.AcceptedPerSecond, figures.EndToEndPerSecond ?? double.NaN]))
            .Latencies("Latency", ("commit to announcement", figures.AnnouncementMilliseconds), ("POST to answer", figures.RequestMilliseconds));

    public static SvgChart OfComparison(Comparison comparison)
    {
        var throughput = new[] { Comparison.AcceptedPosts, Comparison.EndToEnd }
            .Select(name => comparison.Figures.Single(figure => figure.Name == name))
            .ToArray();
        var subtitle = "From POST to announcement; API, bot, PostgreSQL, RabbitMQ and the load on one machine with "
            + $"{Environment.ProcessorCount} cores; rounds in turn: {comparison.Ours.Count}";
        return new SvgChart("Games: ours and the hand-written limit", subtitle)
            .Bars(
                $"Throughput, {comparison.Clients} clients, median",
                "games a second",
                [.. throughput.Select(figure => figure.Name)],
                new BarSeries("ours", [.. throughput.Select(figure => figure.OursMedian ?? double.NaN)]),
                new BarSeries("limit", [.. throughput.Select(figure => figure.LimitMedian ?? double.NaN)]))
            .Latencies(
                $"Commit to announcement, {comparison.Rate:0.#} games a second, all rounds",
                ("ours", Distribution.OfAll(comparison.Ours.Select(round => round.Latency.AnnouncementMilliseconds))),
                ("limit", Distribution.OfAll(comparison.Limit.Select(round => round.Latency.AnnouncementMilliseconds))));
    }

    public static SvgChart OfDrain(string name, DrainFigures figures) =>
        new SvgChart($"{figures.Messages:#,0} messages drained by {name}", $"{figures.MessagesPerSecond:#,0} messages a second, the bot off")
            .Curves(
                "Rows in the outbox",
                ("seconds since the start of the API", Axis.Linear(figures.Pending.Select(sample => sample.Seconds).DefaultIfEmpty(1).Max())),
                ("rows", Axis.Linear(figures.Messages)),
                new CurveSeries("pending", [.. figures.Pending.Select(sample => (sample.Seconds, (double)sample.Rows))]));

    /// <summary>Of each, the share (%) that took no longer than so many milliseconds.</summary>
    public static SvgChart Latencies(this SvgChart chart, string heading, params IReadOnlyList<(string Name, Distribution Milliseconds)> series)
    {
        var measured = series.Where(one => one.Milliseconds.Count > 0).ToArray();
        var least = measured.Select(one => one.Milliseconds.Percentile(0)).DefaultIfEmpty(1).Min();
        var most = measured.Select(one => one.Milliseconds.Percentile(100)).DefaultIfEmpty(10).Max();
        return chart.Curves(
            heading,
            ("milliseconds, logarithmic", Axis.Logarithmic(least, most)),
            ("% that took no longer", Axis.Linear(100)),
            [.. measured.Select(one => new CurveSeries(
                $"{one.Name}: p50 {Short(one.Milliseconds.P50)}, p99 {Short(one.Milliseconds.P99)} ms", [.. CurveOf(one.Milliseconds)]))]);
    }

    private static IEnumerable<(double Milliseconds, double Percent)> CurveOf(Distribution milliseconds) =>
        Enumerable.Range(0, 401).Select(step => step / 4.0).Select(percent => (milliseconds.Percentile(percent), percent));

    private static string Short(double? milliseconds) => milliseconds?.ToString(milliseconds < 10 ? "0.0" : "0") ?? "–";
}
