using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Games.Data.Journal;

internal sealed class EventPublisher(GamesDbContext db) : IEventPublisher
{
    private const string Insert = """
        INSERT INTO events (id, event_type, channel, payload, correlation_id, source)
        VALUES (coalesce(@id, uuid_v7()), @event_type, @channel, @payload, @correlation_id, @source)
        ON CONFLICT (id) DO NOTHING RETURNING id
        """;

    private static readonly string[] Columns = ["event_type", "channel", "payload", "source", "id"];

    public async Task<PublishedEvent> PublishAsync(
        string eventType, object payload, string source, string? channel, Guid? correlationId, Guid? id, CancellationToken ct)
    {
        Require(EventRules.IsEventType(eventType), "event_type", EventRules.EventType);
        Require(EventRules.IsChannel(channel ??= JournalEvent.DefaultChannel), "channel", EventRules.Channel);
        Require(EventRules.IsSource(source), "source", EventRules.Source);
        Require(id != Guid.Empty, "id", "must not be nil");

        // As it is: to write a JSON text anew fails where it holds a lone surrogate, which is the table's to refuse.
        var json = payload is JsonElement element ? element.GetRawText() : JsonSerializer.Serialize(payload, JsonSerializerOptions.Web);

        try
        {
            var inserted = await db.Database.SqlQueryRaw<Guid>(
                Insert,
                Parameter("id", id, NpgsqlDbType.Uuid),
                Parameter("event_type", eventType, NpgsqlDbType.Text),
                Parameter("channel", channel, NpgsqlDbType.Text),
                Parameter("payload", json, NpgsqlDbType.Jsonb),
                Parameter("correlation_id", correlationId, NpgsqlDbType.Uuid),
                Parameter("source", source, NpgsqlDbType.Text)).ToListAsync(ct);

            return inserted is [var one] ? new(one, true) : new(id!.Value, false);
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

    private static NpgsqlParameter Parameter(string name, object? value, NpgsqlDbType type) => new(name, type) { Value = value ?? DBNull.Value };
}
