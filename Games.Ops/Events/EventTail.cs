using System.Text.Json;
using Games.Data;
using Games.Journal;

namespace Games.Ops.Events;

/// <summary>Shows events as they are committed: a line for a person, or one JSON object a line.</summary>
internal sealed class EventTail(JournalTail journal, bool json)
{
    private const int ShownPayload = 200;

    // As deep as PostgreSQL nests a payload.
    private static readonly JsonSerializerOptions Line = new(JsonSerializerDefaults.Web) { MaxDepth = int.MaxValue };

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
        var payload = e.Payload.Length > ShownPayload ? $"{e.Payload.AsSpan(0, ShownPayload)}…" : e.Payload;
        var line = EventText.Line(e.Id, e.CreatedAt, e.EventType, e.Channel, e.Source, EventText.State(e.DispatchedAt, e.DeadAt));
        return $"{line}  {Terminal.Printable(payload)}";
    }

    private static string Json(TailedEvent e)
    {
        var shown = new
        {
            e.Id,
            e.EventType,
            e.Channel,
            payload = StoredJson.Parse(e.Payload),
            e.CreatedAt,
            e.CorrelationId,
            e.Source,
            State = EventText.State(e.DispatchedAt, e.DeadAt),
        };
        return JsonSerializer.Serialize(shown, Line);
    }
}
