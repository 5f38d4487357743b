namespace Games.Outbox.Inspection;

/// <summary>The outbox at a glance.</summary>
/// <param name="Pending">Rows to be published as soon as can be, the leased ones among them.</param>
/// <param name="Leased">Rows that a living relay has leased.</param>
/// <param name="Scheduled">Rows that wait for a time that their publisher has set.</param>
/// <param name="Dead">Rows that the relay has given up.</param>
/// <param name="OldestPendingSeconds">Age of the oldest pending row (s, the database's clock); null if none is pending.</param>
/// <param name="Paused">Since when and by whom relaying is paused; null while it is not.</param>
public sealed record OutboxSummary(
    OutboxCount Pending, OutboxCount Leased, OutboxCount Scheduled, OutboxCount Dead, double? OldestPendingSeconds, OutboxPause? Paused);

/// <summary>How many rows.</summary>
/// <param name="Rows">The rows that were counted.</param>
/// <param name="OrMore">
/// Whether the counting stopped at <see cref="OutboxInspection{TDbContext}.CountLimit" /> rows that it looked at, so that there may be more.
/// </param>
public readonly record struct OutboxCount(long Rows, bool OrMore);

/// <summary>That relaying is paused.</summary>
/// <param name="Since">Since when (UTC, the database's clock).</param>
/// <param name="By">Who paused it: the first 16 bytes of the name given.</param>
public sealed record OutboxPause(DateTime Since, string By);
