using System.Text;

namespace Games.Outbox.Database;

/// <summary>Texts of errors, which may hold anything, as a column takes them.</summary>
public static class ErrorText
{
    private const int MaxLength = 2_000;

    /// <summary>
    /// The first 2,000 UTF-16 units of the text, which keep a stack of inner exceptions short. PostgreSQL stores neither NUL, which becomes a space,
    /// nor half of a surrogate pair, which becomes U+FFFD.
    /// </summary>
    public static string Storable(string text)
    {
        var storable = new StringBuilder(Math.Min(text.Length, MaxLength));
        foreach (var rune in text.AsSpan(0, Math.Min(text.Length, MaxLength)).EnumerateRunes())
            storable.Append(rune.Value == 0 ? " " : rune.ToString());

        return storable.ToString();
    }
}
