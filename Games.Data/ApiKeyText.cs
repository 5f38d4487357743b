namespace Games.Data;

/// <summary>The key as its holder has it.</summary>
public static class ApiKeyText
{
    /// <summary>A scanner for leaked secrets finds a key by <c>games_[0-9a-f]{64}</c>.</summary>
    public const string Prefix = "games_";

    public static string New() => RandomSecret.New(Prefix);

    public static bool IsWellFormed(string text) =>
        text.Length == Prefix.Length + RandomSecret.Digits
        && text.StartsWith(Prefix, StringComparison.Ordinal)
        && !text.AsSpan(Prefix.Length).ContainsAnyExcept("0123456789abcdef");

    public static byte[] HashOf(string key) => RandomSecret.HashOf(key);
}
