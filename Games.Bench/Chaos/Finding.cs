namespace Games.Bench.Chaos;

internal enum FindingKind
{
    Lost,
    Doubled,
    Stuck,
    Wrong,
}

/// <summary>A broken promise, and the games, messages or rows that break it.</summary>
internal sealed record Finding(FindingKind Kind, string What, IReadOnlyList<string> Items)
{
    private const int Shown = 10;

    public override string ToString()
    {
        var rest = Items.Count > Shown ? $" and {Items.Count - Shown} more" : "";
        return $"{Kind.ToString().ToLowerInvariant()}: {Items.Count} {What}: {string.Join(", ", Items.Take(Shown))}{rest}";
    }
}
