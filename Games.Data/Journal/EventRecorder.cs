using System.Data.Common;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Games.Contracts;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Games.Data.Journal;

/// <summary>
/// Records the events that the service itself publishes through its outbox. They are recorded as dispatched, because the outbox publishes them
/// already. The record is a statement of the command that inserts the message, so that both share a transaction and a round trip.
/// </summary>
/// <param name="source">The service, as the journal names it.</param>
/// <param name="logger">Takes the warnings of what is not recorded.</param>
internal sealed partial class EventRecorder(string source, ILogger<EventRecorder> logger) : DbCommandInterceptor
{
    /// <summary>A save must not fail because of the journal, and what its table makes of a text can be several times as long.</summary>
    private const int PayloadMaxLength = 256 * 1024;

    private const string Envelope = "application/vnd.masstransit+json";

    // The dispatcher publishes events under the ids that they have in the table already, and a publisher may use an id of its own twice.
    private static readonly CompositeFormat Insert = CompositeFormat.Parse("""
        INSERT INTO events (id, event_type, payload, correlation_id, source, dispatched_at)
        VALUES (@event{0}_id, @event{0}_event_type, @event{0}_payload, @event{0}_correlation_id, @event{0}_source, clock_timestamp())
        ON CONFLICT (id) DO NOTHING;
        """);

    // EF Core executes each command of a save as a reader.
    public override InterceptionResult<DbDataReader> ReaderExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
    {
        if (eventData is { CommandSource: CommandSource.SaveChanges, Context: { } context })
            Append(command, InsertedBy(command, context.ChangeTracker));

        return result;
    }

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(ReaderExecuting(command, eventData, result));

    /// <summary>
    /// The messages that this command inserts. Its parameters tell, and no state of the save: a save may take several commands, and an execution
    /// strategy may repeat them.
    /// </summary>
    private static List<OutboxMessage> InsertedBy(DbCommand command, ChangeTracker tracker)
    {
        var added = WithoutDetection(
            tracker, x => x.Entries<OutboxMessage>().Where(row => row.State is EntityState.Added).Select(row => row.Entity).ToList());
        if (added.Count == 0)
            return added;

        var ids = command.Parameters.Cast<DbParameter>().Select(x => x.Value).OfType<Guid>().ToHashSet();
        return added.FindAll(x => ids.Contains(x.MessageId));
    }

    /// <summary>Entries() compares all that is tracked, which the save has done already.</summary>
    private static T WithoutDetection<T>(ChangeTracker tracker, Func<ChangeTracker, T> read)
    {
        var detects = tracker.AutoDetectChangesEnabled;
        tracker.AutoDetectChangesEnabled = false;
        try
        {
            return read(tracker);
        }
        finally
        {
            tracker.AutoDetectChangesEnabled = detects;
        }
    }

    /// <summary>Appends behind EF Core's own statements, whose results it reads by their place. Ours return nothing.</summary>
    private void Append(DbCommand command, List<OutboxMessage> rows)
    {
        var sql = new StringBuilder();
        for (var i = 0; i < rows.Count; i++)
        {
            if (TypeOf(rows[i]) is not { } type || PayloadOf(rows[i], type) is not { } payload)
                continue;

            sql.AppendFormat(null, Insert, i).AppendLine();
            Add($"event{i}_id", NpgsqlDbType.Uuid, rows[i].MessageId);
            Add($"event{i}_event_type", NpgsqlDbType.Text, type);
            Add($"event{i}_payload", NpgsqlDbType.Jsonb, payload);
            Add($"event{i}_correlation_id", NpgsqlDbType.Uuid, rows[i].CorrelationId);
            Add($"event{i}_source", NpgsqlDbType.Text, source);
        }

        if (sql.Length > 0)
            command.CommandText += sql;

        void Add(string name, NpgsqlDbType type, object? value) =>
            command.Parameters.Add(new NpgsqlParameter(name, type) { Value = value ?? DBNull.Value });
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
