using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>
/// A record beside the outbox, which deletes its rows: a trigger stores the message id and the game of every event, in the transaction that
/// creates both, so that the record holds what was committed and nothing else.
/// </summary>
internal static class AuditTrail
{
    public const string Events = "chaos.events";

    public static Task InstallAsync(NpgsqlDataSource database, CancellationToken ct) => database.ExecuteAsync(
        $"""
        create schema chaos;
        create table {Events} (message_id uuid not null, game_id uuid not null);
        create function chaos.record() returns trigger language plpgsql as $$
        declare body jsonb := new."Body"::jsonb;
        begin
            insert into {Events} values (new."MessageId", (coalesce(body->'message', body)->>'gameId')::uuid);
            return null;
        end $$;
        create trigger chaos after insert on "OutboxMessage" for each row
            when (new."MessageType" like '%:GameCreated%') execute function chaos.record();
        """,
        ct);
}
