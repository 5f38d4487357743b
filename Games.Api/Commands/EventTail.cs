using System.Text.Json;
using Games.Journal;

namespace Games.Api.Commands;

/// <summary>Shows events as they are committed: a line for a person, or NDJSON.</summary>
internal sealed class EventTail(bool json)
{
    private const int ShownPayload = 200;

    /// <summary>Until it is told to stop, which is its success.</summary>
    public async Task<bool> FollowAsync(IServiceScopeFactory scopes, string? type, string? channel, CancellationToken ct)
    {
        try
        {
            await foreach (var one in new JournalTail(scopes, TimeProvider.System).FollowAsync(type, channel, Console.Error.WriteLine, ct))
                Console.Out.WriteLine(json ? Json(one) : Text(one));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
        }

        return true;
    }

    private static string Text(TailedEvent e)
    {
        var payload = e.Payload.Length > ShownPayload ? $"{e.Payload.AsSpan(0, ShownPayload)}…" : e.Payload;
        // What somebody published must not speak to the terminal.
        payload = string.Concat(payload.Select(character => char.IsControl(character) ? ' ' : character));
        return $"{e.Id}  {e.CreatedAt:yyyy-MM-dd HH:mm:ss.fff}  {e.EventType}  {e.Channel}  {e.Source}  {StateOf(e)}  {payload}";
    }

    private static string Json(TailedEvent e)
    {
        using var payload = JsonDocument.Parse(e.Payload);
        return JsonSerializer.Serialize(
            new { e.Id, e.EventType, e.Channel, payload = payload.RootElement, e.CreatedAt, e.CorrelationId, e.Source, State = StateOf(e) }, JsonSerializerOptions.Web);
    }

    private static string StateOf(TailedEvent e) => e.DeadAt is not null ? "dead" : e.DispatchedAt is not null ? "dispatched" : "pending";
}
