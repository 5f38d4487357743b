using Games.Data;
using Games.Journal;

namespace Games.Ops.Events;

/// <summary>
/// Shows events as they are committed, and what becomes of those that were pending then: a line for a person, or one JSON object a line.
/// </summary>
internal sealed class EventTail(JournalTail journal, bool json)
{
    private const int ShownPayload = 200;

    /// <summary>Follows the journal until it is cancelled; true.</summary>
    public async Task<bool> FollowAsync(string? type, string? channel, CancellationToken ct)
    {
        try
        {
            await foreach (var e in journal.FollowAsync(type, channel, Console.Error.WriteLine, ct))
                Console.Out.WriteLine(json ? Json(e) : Text(e));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
        }

        return true;
    }

    private static string Text(TailedEvent e)
    {
        var state = Terminal.Printable(EventText.State(e.State, e.LastError));
        var line = EventText.Line(e.Id, e.CreatedAt, e.EventType, e.Channel, e.Source, state);
        if (e.IsShown)
            return line;

        var payload = e.Payload.Length > ShownPayload ? $"{e.Payload.AsSpan(0, ShownPayload)}…" : e.Payload;
        return $"{line}  {Terminal.Printable(payload)}";
    }

    private static string Json(TailedEvent e) => new EventJson(
        e.Id, e.EventType, e.Channel, StoredJson.Parse(e.Payload), e.CreatedAt, e.CorrelationId, e.Source, EventText.State(e.State), e.DispatchedAt,
        e.Attempts, e.NextAttemptAt, e.LastError, e.DeadAt).OnOneLine();
}
