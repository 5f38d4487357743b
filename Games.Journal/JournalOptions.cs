using System.ComponentModel.DataAnnotations;

namespace Games.Journal;

/// <summary>Every setting of the journal: section <c>Journal</c> of the configuration (for example <c>Journal__Retention=30.00:00:00</c>).</summary>
public sealed class JournalOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Journal";

    private const string Rule = Section + ":{0} must be from {1} to {2}.";
    private const string TimeRule = Section + ":{0} must be from {1} to {2} ([d.]hh:mm:ss: 72 hours are 3.00:00:00, and 72:00:00 are 72 days).";

    /// <summary>Whether this process moves events to the bus, if it hosts the dispatcher. Default: true.</summary>
    public bool Dispatch { get; set; } = true;

    /// <summary>
    /// Whether the dispatcher is woken by LISTEN, over one connection beside the application's pool. False where LISTEN cannot work (PgBouncer in
    /// transaction mode): then the table is looked at every <see cref="PollInterval"/>. Default: true.
    /// </summary>
    public bool Notifications { get; set; } = true;

    /// <summary>
    /// How often at most the connection that listens is tried, by a look at the table; jitter adds up to a fifth. Default: 15 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00", ErrorMessage = TimeRule)]
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long that connection may take to be opened, or to answer, before it counts as lost. Whole seconds. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = TimeRule)]
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two looks at the table while nothing listens. Default: 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00", ErrorMessage = TimeRule)]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Events moved in one transaction. Default: 500.</summary>
    [Range(1, 100_000, ErrorMessage = Rule)]
    public int BatchLimit { get; set; } = 500;

    /// <summary>Bytes of payload, as text, after which a batch takes no further event. Default: 8 MiB.</summary>
    [Range(1, int.MaxValue, ErrorMessage = Rule)]
    public int BatchBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>After this a statement is given up. Whole seconds. Default: 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = TimeRule)]
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Failures after which an event is dead. One whose payload breaks its contract is dead at once. Default: 10.</summary>
    [Range(1, int.MaxValue, ErrorMessage = Rule)]
    public int MaxAttempts { get; set; } = 10;

    /// <summary>Pause after the first failure; doubled for each further one, with jitter. Default: 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00", ErrorMessage = TimeRule)]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between two attempts. Default: 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "30.00:00:00", ErrorMessage = TimeRule)]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Whether the events that this process publishes through its outbox are recorded, as dispatched, in the transaction that publishes them.
    /// Default: true.
    /// </summary>
    public bool Record { get; set; } = true;

    /// <summary>
    /// Whether an <c>EventPublished</c> that no queue would get is kept in the outbox until there is one. Default: false, the broker drops it, and
    /// the journal has it still.
    /// </summary>
    public bool WaitForQueue { get; set; }

    /// <summary>
    /// How long an event may wait to be dispatched, counted from its created_at, before the check <c>event-backlog</c> is red and the doctor calls
    /// it wrong. Default: 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "365.00:00:00", ErrorMessage = TimeRule)]
    public TimeSpan MaxPendingAge { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an event is kept once it is dispatched or dead. Default: zero, for ever.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00", ErrorMessage = TimeRule)]
    public TimeSpan Retention { get; set; }

    /// <summary>How often older ones are looked for. Default: 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00", ErrorMessage = TimeRule)]
    public TimeSpan CleanUpInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Such events deleted by one statement. Default: 1,000.</summary>
    [Range(1, 100_000, ErrorMessage = Rule)]
    public int CleanUpLimit { get; set; } = 1_000;
}
