namespace Games.Tests.Bot;

/// <summary>The right time, on which whoever would wait for a quarter of a minute and more waits a tenth of that.</summary>
internal sealed class HastyClock : TimeProvider
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(15);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime >= Long ? dueTime / 10 : dueTime, period);
}
