using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Games.Outbox.Inspection;

/// <summary>The last row of a page: the next page begins after it.</summary>
/// <param name="NextAttempt">Its next attempt (UTC); null if it may leave at once, the greatest time if it is dead.</param>
/// <param name="SequenceNumber">Its number.</param>
public readonly record struct InspectionCursor(DateTime? NextAttempt, long SequenceNumber)
{
    /// <summary>As a URL takes it: the number, and the ticks of the time after a dash.</summary>
    public override string ToString() =>
        NextAttempt is { } time ? string.Create(CultureInfo.InvariantCulture, $"{SequenceNumber}-{time.Ticks}") : $"{SequenceNumber}";

    /// <summary>Reads what <see cref="ToString" /> has written.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out InspectionCursor cursor)
    {
        cursor = default;
        var parts = text?.Split('-') ?? [];

        if (parts.Length is not (1 or 2) || !TryParseNumber(parts[0], out var number))
            return false;
        if (parts.Length == 1)
        {
            cursor = new(null, number);
            return true;
        }

        if (!TryParseNumber(parts[1], out var ticks) || ticks > DateTime.MaxValue.Ticks)
            return false;

        cursor = new(new(ticks, DateTimeKind.Utc), number);
        return true;
    }

    private static bool TryParseNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
