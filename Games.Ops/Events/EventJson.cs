using System.Text.Encodings.Web;
using System.Text.Json;

namespace Games.Ops.Events;

/// <summary>An event as JSON: the fields of <c>GET /events/{id}</c>.</summary>
internal sealed record EventJson(
    Guid Id, string EventType, string Channel, JsonElement Payload, DateTimeOffset CreatedAt, Guid? CorrelationId, string Source, string State,
    DateTimeOffset? DispatchedAt, int Attempts, DateTimeOffset? NextAttemptAt, string? LastError, DateTimeOffset? DeadAt)
{
    private static readonly JsonSerializerOptions Line = new(JsonSerializerDefaults.Web)
    {
        // As deep as PostgreSQL nests a payload, and an apostrophe is one.
        MaxDepth = int.MaxValue,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Readable = new(Line) { WriteIndented = true };

    public string OnOneLine() => JsonSerializer.Serialize(this, Line);

    public string ForReading() => JsonSerializer.Serialize(this, Readable);
}
