using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Games.Contracts;
using Games.Outbox.Batching;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.Extensions.Logging;
using NpgsqlTypes;

namespace Games.Journal;

/// <summary>
/// What of a save belongs into the journal: the events that the service itself publishes through its outbox. They are recorded as
/// dispatched, for they are on their way already, and beside their row of the outbox, so that they share its fate.
/// </summary>
/// <param name="source">The service, as the journal names it.</param>
internal sealed partial class EventRecorder(string source, JournalOptions options, ILogger<EventRecorder> logger) : IBesideOutboxRows
{
    /// <summary>A save must not fail because of the journal, and what its table makes of a text can be several times as long.</summary>
    private const int PayloadMaxLength = 256 * 1024;

    private const string Envelope = "application/vnd.masstransit+json";

    // The dispatcher brings events to the outbox too, under the ids that they have in the table; and who publishes under an id of his own may do so
    // again.
    private static readonly CompositeFormat Insert = CompositeFormat.Parse("""
        INSERT INTO events (id, event_type, payload, correlation_id, source, dispatched_at)
        VALUES (@{0}_id, @{0}_event_type, @{0}_payload, @{0}_correlation_id, @{0}_source, clock_timestamp())
        ON CONFLICT (id) DO NOTHING;
        """);

    /// <summary>Records the event that this row of the outbox is, unless it is none.</summary>
    public void Append(OutboxMessage row, BatchStatements statements)
    {
        if (!options.Record || TypeOf(row) is not { } type || PayloadOf(row, type) is not { } payload)
            return;

        statements.Add(
            Insert,
            ("id", NpgsqlDbType.Uuid, row.MessageId),
            ("event_type", NpgsqlDbType.Text, type),
            ("payload", NpgsqlDbType.Jsonb, payload),
            ("correlation_id", NpgsqlDbType.Uuid, row.CorrelationId),
            ("source", NpgsqlDbType.Text, source));
    }

    /// <summary>An event's exchange is named like it: dotted. What goes to a channel comes from the journal.</summary>
    private static string? TypeOf(OutboxMessage row) =>
        row.DestinationAddress?.AbsolutePath.Split('/')[^1] is { } exchange && exchange.Contains('.') && EventRules.IsEventType(exchange)
            && !exchange.StartsWith(Exchanges.OfChannel(""), StringComparison.Ordinal)
            ? exchange
            : null;

    private string? PayloadOf(OutboxMessage row, string type)
    {
        var mediaType = new ContentType(row.ContentType).MediaType;
        if (mediaType is not (Envelope or MediaTypeNames.Application.Json))
            return Skip(row, type, $"its body is {mediaType}");

        using var body = JsonDocument.Parse(row.Body);
        var message = mediaType != Envelope ? body.RootElement : body.RootElement.TryGetProperty("message", out var inside) ? inside : default;
        if (message.ValueKind is not JsonValueKind.Object)
            return Skip(row, type, "it is no object");

        var payload = message.GetRawText();
        return payload.Length > PayloadMaxLength ? Skip(row, type, $"it is longer than {PayloadMaxLength} characters")
            : payload.Contains(@"\u0000", StringComparison.Ordinal) ? Skip(row, type, "it holds a NUL, which PostgreSQL cannot store")
            : HugeNumber().IsMatch(payload) ? Skip(row, type, "it holds a number that PostgreSQL cannot store")
            : payload;
    }

    private string? Skip(OutboxMessage row, string type, string reason)
    {
        LogSkipped(row.MessageId, type, reason);
        return null;
    }

    // Behind a colon, a comma or a bracket: in a text it can hardly be, and then nothing is lost but a line of the journal.
    [GeneratedRegex(@"[:,[]\s*-?(?:[0-9.]{1000}|[0-9.]+[eE][+-]?[0-9]{4})")]
    private static partial Regex HugeNumber();

    [LoggerMessage(LogLevel.Warning, "Journal: event {Id} ({EventType}) is published and not recorded: {Reason}")]
    private partial void LogSkipped(Guid id, string eventType, string reason);
}
