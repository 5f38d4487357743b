using Games.Outbox.Database;

namespace Games.Outbox.Inspection;

/// <summary>
/// What a row waits for, as SQL conditions: the one place that says it. Every row is ready, waiting or dead, but for those that an earlier version
/// has kept after their publish.
/// </summary>
internal sealed class RowStates(OutboxTable t)
{
    public string IsReady => $"{t.NextAttempt} IS NULL";
    public string IsWaiting => $"({t.NextAttempt} < 'infinity' AND {t.Relayed} IS NULL)";
    public string IsDead => $"({t.NextAttempt} >= 'infinity' AND {t.Relayed} IS NULL)";

    /// <summary>It waits because of the relay. A returned message has counted no attempt, but it has an error.</summary>
    public string WasTried => $"({t.Attempts} > 0 OR {t.LastError} IS NOT NULL)";

    /// <summary>It waits because of its publisher.</summary>
    public string IsScheduled => $"({t.NextAttempt} > now() AND NOT {WasTried})";

    /// <param name="lease">The parameter with the length of a lease.</param>
    public string IsLeased(string lease) =>
        $"({t.LockId} IS NOT NULL AND COALESCE({t.LockedUntil}, {t.Created} + {lease}) >= clock_timestamp())";
}
