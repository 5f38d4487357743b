using System.Diagnostics;

namespace Games.Data;

/// <summary>
/// Of W3C's Trace Context: kept in a row that another process, or this one later, goes on with, so that its work belongs to the trace of whoever
/// wanted it.
/// </summary>
internal static class TraceParent
{
    public const int Length = 55;

    /// <summary>Null where nobody traces.</summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } span ? span.Id : null;
}
