namespace Games.Tests.Messaging;

/// <summary>How often a consumer is to fail with a message.</summary>
public sealed class Failures
{
    private readonly Dictionary<Guid, int> _planned = [];

    public void Plan(Guid id, int times)
    {
        lock (_planned)
            _planned[id] = times;
    }

    public void Swallow(Guid id) => Plan(id, times: -1);

    public bool Swallows(Guid id)
    {
        lock (_planned)
            return _planned.TryGetValue(id, out var times) && times == -1;
    }

    public bool Take(Guid id)
    {
        lock (_planned)
            return _planned.TryGetValue(id, out var times) && times > 0 && (_planned[id] = times - 1) >= 0;
    }
}
