using Games.Data;

namespace Games.Ops.Events;

/// <summary>An event as one line.</summary>
internal static class EventText
{
    public static string Line(Guid id, DateTimeOffset createdAt, string type, string channel, string source, string state) =>
        $"{id}  {createdAt:yyyy-MM-dd HH:mm:ss.fff}  {type}  {channel}  {source}  {state}";

    public static string State(EventState state) => state.ToString().ToLowerInvariant();

    public static string State(EventState state, string? error) => state is EventState.Dead ? $"dead: {error}" : State(state);
}
