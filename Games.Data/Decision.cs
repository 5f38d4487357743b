namespace Games.Data;

/// <summary>What a game makes of a wish: a refusal, or the events that tell what it did. Without events nothing has changed.</summary>
public sealed record Decision(GameRefusal? Refusal, IReadOnlyList<object> Events)
{
    /// <summary>What was asked for is so already.</summary>
    public static Decision Nothing { get; } = new(null, []);

    public static Decision Refuse(GameRefusal refusal) => new(refusal, []);

    public static Decision Do(params IReadOnlyList<object> events) => new(null, events);
}
