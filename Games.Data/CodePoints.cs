namespace Games.Data;

/// <summary>
/// Lengths as people, PostgreSQL, JSON Schema and Discord count them (its API is Python): in Unicode code points. .NET counts an emoji twice.
/// </summary>
public static class CodePoints
{
    /// <summary>How many code points the text has; 0 if there is none. Half of a surrogate pair counts as one.</summary>
    public static int In(string? text)
    {
        var count = 0;
        foreach (var _ in text.AsSpan().EnumerateRunes())
            count++;
        return count;
    }
}
