namespace Games.Tests.Bot;

/// <summary>The system's time, on which whoever would wait for so long or longer waits for a fraction of it.</summary>
internal sealed class HurriedTime(TimeSpan shortest, int fraction) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime >= shortest ? dueTime / fraction : dueTime, period);
}
