namespace Games.Outbox.Inbox;

/// <summary>What flows with a delivery, such as its trace and whose connections it takes: kept, to do for it what it would do itself.</summary>
internal sealed class Surroundings
{
    // Null where the flow is suppressed.
    private readonly ExecutionContext? _flow = ExecutionContext.Capture();

    public T Run<T>(Func<T> begin)
    {
        if (_flow is null)
            return begin();

        var begun = default(T);
        ExecutionContext.Run(_flow, _ => begun = begin(), null);

        return begun!;
    }
}
