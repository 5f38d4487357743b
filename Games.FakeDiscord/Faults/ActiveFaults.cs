namespace Games.FakeDiscord.Faults;

/// <summary>The faults that stand. Each is counted down by what it strikes.</summary>
internal sealed class ActiveFaults
{
    private readonly Lock _lock = new();
    private List<Fault> _faults = [];

    public IReadOnlyList<Fault> All
    {
        get
        {
            lock (_lock)
                return [.. _faults];
        }
    }

    public void Replace(IEnumerable<Fault> faults)
    {
        lock (_lock)
            _faults = [.. faults];
    }

    public Fault? TakeFor(HttpRequest request, params ReadOnlySpan<FaultKind> kinds)
    {
        lock (_lock)
        {
            foreach (var fault in _faults)
            {
                var strikes = kinds.Contains(fault.Kind)
                    && (fault.Method is null || HttpMethods.Equals(fault.Method, request.Method))
                    && (fault.Path is null || request.Path.Value!.Contains(fault.Path, StringComparison.Ordinal));
                if (strikes)
                    return Take(fault);
            }

            return null;
        }
    }

    public Fault? Take(FaultKind kind)
    {
        lock (_lock)
            return _faults.Find(fault => fault.Kind == kind) is { } fault ? Take(fault) : null;
    }

    public int TimesToDispatch(string type)
    {
        lock (_lock)
        {
            var fault = _faults.Find(fault =>
                fault.Kind is FaultKind.LoseDispatch or FaultKind.DuplicateDispatch && (fault.Event is null || fault.Event == type));
            if (fault is null)
                return 1;
            Take(fault);
            return fault.Kind == FaultKind.LoseDispatch ? 0 : 2;
        }
    }

    public long DisallowedIntents()
    {
        lock (_lock)
        {
            var fault = _faults.Find(fault => fault.Kind == FaultKind.DisallowIntents);
            return fault is null ? 0 : fault.Intents ?? Gateway.Intents.Privileged;
        }
    }

    private Fault Take(Fault fault)
    {
        if (fault.Times is not { } times)
            return fault;
        var index = _faults.IndexOf(fault);
        if (times <= 1)
            _faults.RemoveAt(index);
        else
            _faults[index] = fault with { Times = times - 1 };
        return fault;
    }
}
