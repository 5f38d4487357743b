namespace Games.Data;

/// <summary>What became of an event.</summary>
public enum EventState { Pending, Dispatched, Dead }

/// <summary>
/// One line of the journal: what happened, who said so and whether the bus has it. Anybody may insert one, so the rules are constraints of the
/// table; this is how the services read it. What is unset at an insert the database fills in.
/// </summary>
public sealed class JournalEvent
{
    public const int EventTypeMaxLength = 100;
    public const int ChannelMaxLength = 50;
    public const int SourceMaxLength = 100;
    public const int PayloadMaxBytes = 4 * 1024 * 1024;
    public const string DefaultChannel = "events";

    private JournalEvent()
    {
    }

    /// <summary>A uuid v7 by default. Whoever publishes may bring any other: the same one again is the same event.</summary>
    public Guid Id { get; private set; }

    /// <summary>In which order rows were inserted; a lower number may commit after a higher one.</summary>
    public long Number { get; private set; }

    public string EventType { get; private set; } = null!;
    public string Channel { get; private set; } = null!;

    /// <summary>A JSON object.</summary>
    public string Payload { get; private set; } = null!;

    /// <summary>Bytes of the payload as text, which is what a process holds; measured by the table, null in rows from before that.</summary>
    public int? PayloadBytes { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }
    public Guid? CorrelationId { get; private set; }

    /// <summary>Who said it.</summary>
    public string Source { get; private set; } = null!;

    /// <summary>Since when the outbox has it; null while it has not.</summary>
    public DateTimeOffset? DispatchedAt { get; private set; }

    /// <summary>How often its dispatch failed.</summary>
    public int Attempts { get; private set; }

    /// <summary>Not to be tried before; null for at once.</summary>
    public DateTimeOffset? NextAttemptAt { get; private set; }

    public string? LastError { get; private set; }

    /// <summary>When it was given up, for what <see cref="LastError"/> says; null while it was not.</summary>
    public DateTimeOffset? DeadAt { get; private set; }

    public EventState State => StateOf(DispatchedAt, DeadAt);

    public static EventState StateOf(DateTimeOffset? dispatchedAt, DateTimeOffset? deadAt) =>
        deadAt is not null ? EventState.Dead : dispatchedAt is not null ? EventState.Dispatched : EventState.Pending;
}
