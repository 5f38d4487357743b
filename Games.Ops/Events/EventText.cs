namespace Games.Ops.Events;

/// <summary>An event as one line.</summary>
internal static class EventText
{
    public static string Line(Guid id, DateTimeOffset createdAt, string type, string channel, string source, string state) =>
        $"{id}  {createdAt:yyyy-MM-dd HH:mm:ss.fff}  {type}  {channel}  {source}  {state}";

    public static string State(DateTimeOffset? dispatchedAt, DateTimeOffset? deadAt) =>
        deadAt is not null ? "dead" : dispatchedAt is not null ? "dispatched" : "pending";

    public static string State(DateTimeOffset? dispatchedAt, DateTimeOffset? deadAt, string? error) =>
        deadAt is not null ? $"dead: {error}" : State(dispatchedAt, deadAt);
}
