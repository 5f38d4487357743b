using System.Security.Cryptography;
using System.Text;

namespace Games.Data;

/// <summary>A secret that its holder alone has: the database has its hash. Its prefix lets scanners for leaked secrets find it.</summary>
internal static class RandomSecret
{
    /// <summary>Hexadecimal, after the prefix.</summary>
    public const int Digits = 2 * RandomBytes;

    private const int RandomBytes = 32;

    public static string New(string prefix) => prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>Not a slow hash: 256 random bits cannot be guessed, and each request would pay for it.</summary>
    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
