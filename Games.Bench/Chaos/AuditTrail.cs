using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>
/// A record of our own beside the outbox, whose rows vanish when they are done: a trigger notes the message id and the game of every event,
/// in the transaction that creates both, so that the record says what was committed and nothing else.
/// </summary>
internal static class AuditTrail
{
    public const string Events = "chaos.events";

    public static async Task InstallAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var command = database.CreateCommand($"""
            create schema chaos;
            create table {Events} (message_id uuid not null, game_id uuid not null);
            create function chaos.note() returns trigger language plpgsql as $$
            declare body jsonb := new."Body"::jsonb;
            begin
                insert into {Events} values (new."MessageId", (coalesce(body->'message', body)->>'gameId')::uuid);
                return null;
            end $$;
            create trigger chaos after insert on "OutboxMessage" for each row when (new."MessageType" like '%:GameCreated%') execute function chaos.note();
            """);
        await command.ExecuteNonQueryAsync(ct);
    }
}
