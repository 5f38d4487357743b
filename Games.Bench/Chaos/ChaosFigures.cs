namespace Games.Bench.Chaos;

/// <summary>The result of a run under faults.</summary>
/// <param name="Accepted">Games answered 201, or requests of a mix that were done; a few more than asked for, as clients end together.</param>
/// <param name="Failed">Requests with any other answer or none.</param>
/// <param name="Refused">Requests that were refused as they should be: their game was cancelled meanwhile.</param>
/// <param name="Stale">412s, repeated with the new ETag.</param>
/// <param name="LeftByFailed">Games that failed requests have created; they have to be announced too.</param>
/// <param name="Repeats">Redelivered messages without effect, by the bots' logs.</param>
/// <param name="RolledBack">Announcements that were rolled back and made by a later attempt, by the bots' logs.</param>
/// <param name="LongestRecoverySeconds">Of all faults; null if one is not recovered from.</param>
/// <param name="LongestWaitSeconds">From the commit of a game to the commit of its announcement.</param>
internal sealed record ChaosFigures(
    int Seed,
    int Accepted,
    int Failed,
    IReadOnlyDictionary<string, int> Failures,
    int Refused,
    int Stale,
    int LeftByFailed,
    IReadOnlyList<InflictedFault> Faults,
    int Lost,
    int Doubled,
    int Stuck,
    int Repeats,
    int RolledBack,
    double PostingSeconds,
    double? LongestRecoverySeconds,
    double? LongestWaitSeconds,
    IReadOnlyList<string> Complaints)
{
    public bool Passed => Complaints.Count == 0;

    /// <summary>Without the time in which a server or service was away; of all faults.</summary>
    public double? LongestRecoveryWhileUpSeconds => Faults.Max(fault => fault.RecoveryWhileUpSeconds);
}

/// <summary>A fault and what it cost.</summary>
/// <param name="AtGame">Games accepted before it.</param>
/// <param name="Overlaps">Whether it did not wait for the end of the earlier ones.</param>
/// <param name="OutageSeconds">Until the service was ready or the server answered again.</param>
/// <param name="Waiting">Games accepted before it and not announced at that moment.</param>
/// <param name="RecoverySeconds">Until the last of them was announced; null if one never was.</param>
/// <param name="RecoveryWhileUpSeconds">The part of it in which the outage of no fault lasted, of this one or of one that came meanwhile.</param>
internal sealed record InflictedFault(
    string Fault, int AtGame, bool Overlaps, double OutageSeconds, int Waiting, double? RecoverySeconds, double? RecoveryWhileUpSeconds);
