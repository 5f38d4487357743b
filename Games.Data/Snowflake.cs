using System.Globalization;
using System.Runtime.CompilerServices;

namespace Games.Data;

/// <summary>A Discord id. Kept as a string of digits: as a number it loses its last digits in JavaScript.</summary>
public static class Snowflake
{
    public const int MinLength = 17;
    public const int MaxLength = 20;

    private static readonly DateTimeOffset Epoch = new(2015, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static bool IsValid(string? id) =>
        id is { Length: >= MinLength and <= MaxLength } && !id.AsSpan().ContainsAnyExceptInRange('0', '9');

    /// <summary>When Discord gave the id out, which for a message is when it was sent: the id says it. Null if it is no such id.</summary>
    public static DateTimeOffset? TimeOf(string? id) =>
        IsValid(id) && ulong.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? Epoch.AddMilliseconds(number >> 22)
            : null;

    internal static string Require(string id, [CallerArgumentExpression(nameof(id))] string? name = null) =>
        IsValid(id) ? id : throw new ArgumentException($"A Discord id has {MinLength} to {MaxLength} digits.", name);
}
