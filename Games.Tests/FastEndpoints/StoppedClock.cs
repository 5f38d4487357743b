namespace Games.Tests.FastEndpoints;

/// <summary>A clock that moves when it is told to.</summary>
internal sealed class StoppedClock : TimeProvider
{
    private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan time) => _now += time;
}
