namespace Games.Bench.Chaos;

internal enum Fate
{
    Lost,
    Doubled,
    Stuck,
    Wrong,
}

/// <summary>One kind of thing that must not be, and where it is.</summary>
internal sealed record Finding(Fate Fate, string What, IReadOnlyList<string> Where)
{
    private const int Shown = 10;

    public override string ToString() =>
        $"{Fate.ToString().ToLowerInvariant()}: {Where.Count} {What}: {string.Join(", ", Where.Take(Shown))}{(Where.Count > Shown ? $" and {Where.Count - Shown} more" : "")}";
}
