namespace Games.Tests.Bot;

/// <summary>The system's time, but for pauses of a length: whoever waits so long waits for a tenth of a second.</summary>
internal sealed class HurriedTime(TimeSpan shortest, TimeSpan longest) : TimeProvider
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.1);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime >= shortest && dueTime <= longest ? Moment : dueTime, period);
}
