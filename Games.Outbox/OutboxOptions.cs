using System.ComponentModel.DataAnnotations;
using System.Data;

namespace Games.Outbox;

/// <summary>
/// Every setting of the outbox. Set in code by <see cref="MassTransit.IEntityFrameworkOutboxConfigurator" />, or in configuration in the
/// section <c>Outbox</c>, which wins (for example <c>Outbox__Lease=00:00:10</c>).
/// </summary>
public sealed class OutboxOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Outbox";

    private const string MoreThanZero = Section + ":{0} must be more than zero.";
    private const string ZeroOrMore = Section + ":{0} must be zero or more.";
    private const string Hours = " ([d.]hh:mm:ss: 72 hours are 3.00:00:00, and 72:00:00 are 72 days).";
    private const string MoreThanZeroTime = Section + ":{0} must be more than zero and at most {2}" + Hours;
    private const string ZeroOrMoreTime = Section + ":{0} must be zero to {2}" + Hours;
    private const string AtLeastOneSecond = Section + ":{0} must be one second to {2}" + Hours;
    private const string Zero = "00:00:00";
    private const string OneSecond = "00:00:01";

    // What a timer of .NET can wait for, with its jitter, is 49 days.
    private const string Longest = "30.00:00:00";
    private const string LongestAge = "36500.00:00:00";

    /// <summary>How long a consumed message is remembered. Default: 7 days.</summary>
    [Range(typeof(TimeSpan), Zero, LongestAge, MinimumIsExclusive = true, ErrorMessage = MoreThanZeroTime)]
    public TimeSpan DuplicateDetectionWindow { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Makes a save that only inserts one round trip, without BEGIN and COMMIT, as
    /// <see cref="MassTransit.OutboxDbContextOptionsExtensions.InsertInOneRoundTrip" /> does. Not for tables with a BEFORE INSERT trigger that
    /// returns NULL: the save fails after its commit then. Default: false.
    /// </summary>
    public bool InsertInOneRoundTrip { get; set; }

    /// <summary>Isolation of a consumer's transaction. Default: ReadCommitted.</summary>
    public IsolationLevel IsolationLevel { get; set; } = IsolationLevel.ReadCommitted;

    /// <summary>
    /// Deliveries of one consumer that may share a transaction when they are here at the same time: one BEGIN, one INSERT of inbox rows and
    /// one COMMIT for all. For consumers that only work on their database, and shortly: in a shared transaction they run one after the
    /// other, and after a failure each runs alone, those that had run before it for the second time. Default: 1, each has its own.
    /// </summary>
    [Range(1, int.MaxValue, ErrorMessage = MoreThanZero)]
    public int ConsumeTogether { get; set; } = 1;

    /// <summary>
    /// With <see cref="ConsumeTogether" /> above 1: transactions of one consumer that may be under way at the same time, retries aside.
    /// Default: 2.
    /// </summary>
    [Range(1, int.MaxValue, ErrorMessage = MoreThanZero)]
    public int ConsumerTransactions { get; set; } = 2;

    /// <summary>
    /// After a shared transaction, how long the next one waits for more deliveries, unless as many as may share it are here. It makes them fewer
    /// and larger under load. At most 1 s. Default: zero, nobody waits.
    /// </summary>
    [Range(typeof(TimeSpan), Zero, OneSecond, ErrorMessage = Section + ":{0} must be zero to one second" + Hours)]
    public TimeSpan ConsumeTogetherDelay { get; set; }

    /// <summary>
    /// Longest time between two looks at the table while nothing wakes the relay and no notifications arrive; a fifth of it is jitter.
    /// Default: 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), Zero, Longest, MinimumIsExclusive = true, ErrorMessage = MoreThanZeroTime)]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Relays of several processes wake each other by LISTEN and NOTIFY, over one connection a process beside the application's pool. False
    /// where LISTEN cannot work (PgBouncer in transaction mode): then what another process has left is found every
    /// <see cref="PollInterval" />. Default: true.
    /// </summary>
    public bool Notifications { get; set; } = true;

    /// <summary>
    /// How often at most the connection for notifications is tried, by a look at the table that finds what no notification has told of; jitter
    /// adds up to a fifth. While notifications arrive, this takes the place of <see cref="PollInterval" />. Default: 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), Zero, Longest, MinimumIsExclusive = true, ErrorMessage = MoreThanZeroTime)]
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the connection for notifications may take to be opened, or to answer, before it counts as lost. Whole seconds. Default: 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), OneSecond, Longest, ErrorMessage = AtLeastOneSecond)]
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Rows claimed by one statement, and as many again of those that were put off and are due. Default: 100.</summary>
    [Range(1, int.MaxValue, ErrorMessage = MoreThanZero)]
    public int ClaimLimit { get; set; } = 100;

    /// <summary>
    /// Publishes that may wait for their confirm at the same time. RabbitMQ's client slows a channel down once more than half of its 128
    /// confirms are outstanding, so more is not faster. Default: 60.
    /// </summary>
    [Range(1, int.MaxValue, ErrorMessage = MoreThanZero)]
    public int PublishLimit { get; set; } = 60;

    /// <summary>How long the broker may take to confirm a message before the publish counts as lost. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), Zero, Longest, MinimumIsExclusive = true, ErrorMessage = MoreThanZeroTime)]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a claimed row is leased without a renewal. After this the rows of a relay that died are free; one that lives renews its leases at
    /// every third of it. Default: 3 s.
    /// </summary>
    [Range(typeof(TimeSpan), OneSecond, Longest, ErrorMessage = AtLeastOneSecond)]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Messages that may wait in memory between their commit and their publish. Those beyond it are read back from the table, so a slow
    /// broker costs time and never memory. Default: 2,000 messages.
    /// </summary>
    [Range(0, int.MaxValue, ErrorMessage = ZeroOrMore)]
    public int HandoffLimit { get; set; } = 2_000;

    /// <summary>
    /// Bytes of messages (bodies and headers, as they are in memory) that a claim may take, that may wait in memory between their commit and their
    /// publish, and that may wait for their confirm: each of the three as much, and one message however large. Default: 16 MiB.
    /// </summary>
    [Range(1, int.MaxValue, ErrorMessage = MoreThanZero)]
    public int ByteLimit { get; set; } = 16 * 1024 * 1024;

    /// <summary>After this a statement of the relay or the clean-up is given up. Default: 30 s.</summary>
    [Range(typeof(TimeSpan), OneSecond, Longest, ErrorMessage = AtLeastOneSecond)]
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Refusals by the broker after which a message is dead. Default: 10.</summary>
    [Range(1, int.MaxValue, ErrorMessage = MoreThanZero)]
    public int MaxAttempts { get; set; } = 10;

    /// <summary>Pause after the first refusal; doubled for each further one, with jitter. Default: 1 s.</summary>
    [Range(typeof(TimeSpan), Zero, Longest, MinimumIsExclusive = true, ErrorMessage = MoreThanZeroTime)]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between two attempts. Default: 5 min.</summary>
    [Range(typeof(TimeSpan), Zero, LongestAge, MinimumIsExclusive = true, ErrorMessage = MoreThanZeroTime)]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Pause before one message of a destination that no queue gets anything from is tried again; the others follow it when it arrives. With more
    /// than 100 such destinations it grows with their number. No message becomes dead by that: its queue may still be declared. Default: 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), Zero, Longest, MinimumIsExclusive = true, ErrorMessage = MoreThanZeroTime)]
    public TimeSpan UnroutableDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often expired inbox rows are looked for. Default: 5 min.</summary>
    [Range(typeof(TimeSpan), Zero, Longest, MinimumIsExclusive = true, ErrorMessage = MoreThanZeroTime)]
    public TimeSpan CleanUpInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Expired inbox rows deleted by one statement. Default: 1,000.</summary>
    [Range(1, int.MaxValue, ErrorMessage = MoreThanZero)]
    public int CleanUpLimit { get; set; } = 1_000;

    /// <summary>The table is counted for metrics and health at most this often, and only when somebody asks. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), Zero, Longest, ErrorMessage = ZeroOrMoreTime)]
    public TimeSpan MeasureInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The health check is Degraded when the oldest message that could have been published has waited longer. Default: 1 min.</summary>
    [Range(typeof(TimeSpan), Zero, LongestAge, MinimumIsExclusive = true, ErrorMessage = MoreThanZeroTime)]
    public TimeSpan DegradedAge { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The health check is Degraded from this many dead messages on. Default: 1.</summary>
    [Range(1, int.MaxValue, ErrorMessage = MoreThanZero)]
    public int DegradedDead { get; set; } = 1;

    /// <summary>The health check is Unhealthy when the relay has not got through a pass for longer. Default: 1 min.</summary>
    [Range(typeof(TimeSpan), Zero, Longest, MinimumIsExclusive = true, ErrorMessage = MoreThanZeroTime)]
    public TimeSpan UnhealthyAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a stopping relay waits for publishes in flight before it gives their rows back. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), Zero, Longest, ErrorMessage = ZeroOrMoreTime)]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
