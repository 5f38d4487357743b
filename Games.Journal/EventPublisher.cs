using System.Text.Json;
using Games.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Games.Journal;

internal sealed class EventPublisher(GamesDbContext db) : IEventPublisher
{
    // Numbers are given out in this order. The payload becomes jsonb row by row and not as a parameter: what is refused while parameters are bound
    // leaves a statement that Npgsql prepares by itself half prepared, and its next use fails.
    private const string Insert = """
        INSERT INTO events (id, event_type, channel, payload, correlation_id, source)
        SELECT id, event_type, channel, payload::jsonb, correlation_id, source
        FROM unnest(@ids, @event_types, @channels, @payloads, @correlation_ids, @sources)
            WITH ORDINALITY AS said (id, event_type, channel, payload, correlation_id, source, place)
        ORDER BY place
        ON CONFLICT (id) DO NOTHING RETURNING id
        """;

    private static readonly string[] Columns = ["event_type", "channel", "payload", "source", "id"];

    public async Task<PublishedEvent> PublishAsync(
        string eventType, object payload, string source, string? channel, Guid? correlationId, Guid? id, CancellationToken ct)
    {
        var published = await PublishAsync([new(eventType, payload, source, channel, correlationId, id)], ct);
        return published[0];
    }

    public async Task<IReadOnlyList<PublishedEvent>> PublishAsync(IReadOnlyCollection<NewEvent> events, CancellationToken ct)
    {
        var ids = events.Select(x => x.Id ?? Guid.CreateVersion7()).ToArray();
        var (channels, payloads) = (new List<string>(), new List<string>());
        foreach (var one in events)
        {
            channels.Add(one.Channel ?? JournalEvent.DefaultChannel);
            payloads.Add(Checked(one, channels[^1]));
        }

        var inserted = (await RunAsync(db.Database.SqlQueryRaw<Guid>(
            Insert,
            Parameter("ids", ids, NpgsqlDbType.Uuid),
            Parameter("event_types", events.Select(x => x.EventType).ToArray(), NpgsqlDbType.Text),
            Parameter("channels", channels, NpgsqlDbType.Text),
            Parameter("payloads", payloads, NpgsqlDbType.Text),
            Parameter("correlation_ids", events.Select(x => x.CorrelationId).ToArray(), NpgsqlDbType.Uuid),
            Parameter("sources", events.Select(x => x.Source).ToArray(), NpgsqlDbType.Text)), ct)).ToHashSet();

        // An id that comes twice is inserted by its first.
        return [.. ids.Select(id => new PublishedEvent(id, inserted.Remove(id)))];
    }

    /// <summary>The payload as JSON, after what can be known of an event before its insertion.</summary>
    private static string Checked(NewEvent said, string channel)
    {
        Require(EventRules.IsEventType(said.EventType), "event_type", EventRules.EventType);
        Require(EventRules.IsChannel(channel), "channel", EventRules.Channel);
        Require(EventRules.IsSource(said.Source), "source", EventRules.Source);
        Require(said.Id != Guid.Empty, "id", "must not be nil");

        // As it is: to write a JSON text anew fails where it holds a lone surrogate, which is the table's to refuse.
        return said.Payload is JsonElement element ? element.GetRawText() : JsonSerializer.Serialize(said.Payload, JsonSerializerOptions.Web);
    }

    private static async Task<List<Guid>> RunAsync(IQueryable<Guid> insert, CancellationToken ct)
    {
        try
        {
            return await insert.ToListAsync(ct);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.CheckViolation && ColumnOf(refused) is { } column)
        {
            var rule = refused.ConstraintName![$"ck_events_{column}_".Length..];
            throw new EventRefusedException(column, $"breaks the rule \"{rule.Replace('_', ' ')}\"", refused);
        }
        catch (PostgresException refused) when (refused.SqlState[..2] is "22" or "54")
        {
            // NUL, a lone surrogate, a number or a nesting beyond all bounds: the rest of what is inserted has been looked at.
            throw new EventRefusedException("payload", $"must be a JSON object that PostgreSQL can store ({refused.MessageText})", refused);
        }
    }

    private static void Require(bool holds, string column, string rule)
    {
        if (!holds)
            throw new EventRefusedException(column, rule);
    }

    private static string? ColumnOf(PostgresException refused) =>
        Array.Find(Columns, x => refused.ConstraintName?.StartsWith($"ck_events_{x}_", StringComparison.Ordinal) ?? false);

    private static NpgsqlParameter Parameter(string name, object value, NpgsqlDbType type) => new(name, NpgsqlDbType.Array | type) { Value = value };
}
