using System.Globalization;

namespace Games.Ops;

/// <summary>How many there are of something, in words.</summary>
internal static class Quantity
{
    /// <summary>"1 event", "12,000 events", "10,000 or more events".</summary>
    public static string Of(long count, string noun, bool orMore = false) => string.Create(
        CultureInfo.InvariantCulture, $"{count:N0}{(orMore ? " or more" : "")} {noun}{(count == 1 && !orMore ? "" : "s")}");
}
