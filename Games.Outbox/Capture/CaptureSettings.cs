using MassTransit.Testing;

namespace Games.Outbox.Capture;

/// <summary>How messages become rows.</summary>
/// <param name="OrderingKeys">The conventions for ordering keys.</param>
/// <param name="Schedules">Whether consumers schedule through the outbox.</param>
/// <param name="Harness">MassTransit's test harness, where there is one.</param>
internal record CaptureSettings(OrderingKeys OrderingKeys, bool Schedules, ITestHarness? Harness);

/// <summary>Those of one context.</summary>
internal sealed record CaptureSettings<TDbContext>(OrderingKeys OrderingKeys, bool Schedules, ITestHarness? Harness)
    : CaptureSettings(OrderingKeys, Schedules, Harness);
