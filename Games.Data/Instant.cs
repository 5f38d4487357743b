namespace Games.Data;

internal static class Instant
{
    /// <summary>
    /// The instant as timestamptz keeps it: UTC and whole microseconds. Without this the answer to a POST shows seven
    /// decimals and the GET that follows six.
    /// </summary>
    public static DateTimeOffset Stored(DateTimeOffset instant)
    {
        var utc = instant.ToUniversalTime();
        return utc.AddTicks(-(utc.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
