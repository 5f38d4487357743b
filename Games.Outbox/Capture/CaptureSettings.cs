namespace Games.Outbox.Capture;

/// <summary>How messages of one context become rows.</summary>
/// <param name="OrderingKeys">The conventions for ordering keys.</param>
/// <param name="Schedules">Whether consumers schedule through the outbox.</param>
internal sealed record CaptureSettings<TDbContext>(OrderingKeys OrderingKeys, bool Schedules);
