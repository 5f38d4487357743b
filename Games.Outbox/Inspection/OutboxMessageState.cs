namespace Games.Outbox.Inspection;

/// <summary>What a row of the outbox waits for.</summary>
public enum OutboxMessageState
{
    /// <summary>To be published as soon as can be: now, or after the pause that follows a refusal or a return.</summary>
    Pending,

    /// <summary>The relay has given up: it waits for somebody to retry or discard it.</summary>
    Dead,

    /// <summary>A time in the future that its publisher has set. Never tried yet.</summary>
    Scheduled
}
