namespace Games.Journal;

/// <summary>An event on its way to the outbox, its row locked.</summary>
internal sealed record PendingEvent(
    Guid Id, string EventType, string Channel, string Payload, DateTimeOffset CreatedAt, Guid? CorrelationId, string Source, int Attempts);

/// <summary>Why an event did not get there.</summary>
/// <param name="Event">The event.</param>
/// <param name="Error">For the person who looks at the row.</param>
/// <param name="Delay">How long until the next attempt; null if there is none.</param>
internal sealed record EventFailure(PendingEvent Event, string Error, TimeSpan? Delay);
