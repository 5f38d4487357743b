namespace Games.Outbox.Database;

/// <summary>Pauses that double up to a cap, with jitter, so that many who fail together do not return together.</summary>
/// <param name="first">The pause after the first failure, at most.</param>
/// <param name="longest">The cap.</param>
public sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private int _failures;

    /// <summary>Counts a failure; the pause after it.</summary>
    public TimeSpan Next() => Delay(++_failures, first, longest);

    /// <summary>Begins anew, after a success.</summary>
    public void Reset() => _failures = 0;

    /// <summary>The pause after the given failure (1 for the first): between half and the whole of the doubled time.</summary>
    public static TimeSpan Delay(int failure, TimeSpan first, TimeSpan longest)
    {
        var whole = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(failure - 1, 30)), longest.TotalSeconds);

        return TimeSpan.FromSeconds(whole * (0.5 + 0.5 * Random.Shared.NextDouble()));
    }
}
