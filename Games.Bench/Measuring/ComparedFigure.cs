namespace Games.Bench.Measuring;

/// <summary>One figure of several implementations: each round, their medians, and how ours and the peers compare with the limit.</summary>
internal sealed record ComparedFigure(string Name, string Unit, IReadOnlyList<double> Ours, IReadOnlyList<double> Limit)
{
    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> Peers { get; init; } = new Dictionary<string, IReadOnlyList<double>>();

    public double? OursMedian => MedianOf(Ours);

    public double? LimitMedian => MedianOf(Limit);

    public double? Ratio => RatioOf(OursMedian);

    public IReadOnlyDictionary<string, double?> PeerMedians => Peers.ToDictionary(peer => peer.Key, peer => MedianOf(peer.Value));

    public IReadOnlyDictionary<string, double?> PeerRatios => PeerMedians.ToDictionary(peer => peer.Key, peer => RatioOf(peer.Value));

    private double? RatioOf(double? median) => median / LimitMedian is { } ratio && double.IsFinite(ratio) ? ratio : null;

    private static double? MedianOf(IReadOnlyList<double> values) => values.Count > 0 ? Distribution.MedianOf(values) : null;
}
