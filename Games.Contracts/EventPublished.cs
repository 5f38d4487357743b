using System.Text.Json;

namespace Games.Contracts;

/// <summary>An event of the journal whose type has no contract of its own. <see cref="Payload"/> is a JSON object.</summary>
public sealed record EventPublished(
    Guid Id,
    string EventType,
    string Channel,
    JsonElement Payload,
    DateTimeOffset CreatedAt,
    Guid? CorrelationId,
    string Source);
