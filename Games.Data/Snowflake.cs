using System.Runtime.CompilerServices;

namespace Games.Data;

/// <summary>A Discord id. Kept as a string of digits: as a number it loses its last digits in JavaScript.</summary>
public static class Snowflake
{
    public const int MinLength = 17;
    public const int MaxLength = 20;

    public static bool IsValid(string? id) =>
        id is { Length: >= MinLength and <= MaxLength } && !id.AsSpan().ContainsAnyExceptInRange('0', '9');

    internal static string Require(string id, [CallerArgumentExpression(nameof(id))] string? name = null) =>
        IsValid(id) ? id : throw new ArgumentException($"A Discord id has {MinLength} to {MaxLength} digits.", name);
}
