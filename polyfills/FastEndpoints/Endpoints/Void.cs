namespace FastEndpoints;

/// <summary>The result of an operation that has none.</summary>
public sealed class Void
{
    internal static readonly Void Instance = new();

    private Void()
    {
    }
}
