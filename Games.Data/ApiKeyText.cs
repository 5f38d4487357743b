using System.Security.Cryptography;
using System.Text;

namespace Games.Data;

/// <summary>The key as its holder has it.</summary>
public static class ApiKeyText
{
    /// <summary>A scanner for leaked secrets finds a key by <c>games_[0-9a-f]{64}</c>.</summary>
    public const string Prefix = "games_";

    private const int RandomBytes = 32;

    public static string New() => Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));

    public static bool IsWellFormed(string text) =>
        text.Length == Prefix.Length + (2 * RandomBytes)
        && text.StartsWith(Prefix, StringComparison.Ordinal)
        && !text.AsSpan(Prefix.Length).ContainsAnyExcept("0123456789abcdef");

    /// <summary>Not a slow hash: 256 random bits cannot be guessed, and each request would pay for it.</summary>
    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
