using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>
/// A record beside the outbox, which deletes its rows: triggers store the message id and the game of every event, and the game of every new
/// announcement, in the transaction that creates them, so that the record holds what was committed and nothing else.
/// </summary>
internal static class AuditTrail
{
    /// <summary>Of new games.</summary>
    public const string Events = "chaos.events";

    /// <summary>Of all that becomes of games: type, version of the game, and the user whom it is about.</summary>
    public const string AllEvents = "chaos.all_events";

    public const string Announcements = "chaos.announcements";

    public static Task InstallAsync(NpgsqlDataSource database, CancellationToken ct) => database.ExecuteAsync(
        $"""
        create schema chaos;
        create table {AllEvents} (message_id uuid not null, game_id uuid not null, type text not null, version int, user_id text);
        create view {Events} as select message_id, game_id from {AllEvents} where type = 'GameCreated';
        create function chaos.record() returns trigger language plpgsql as $$
        declare
            body jsonb := new."Body"::jsonb;
            message jsonb := coalesce(body->'message', body);
        begin
            insert into {AllEvents} values (new."MessageId", (message->>'gameId')::uuid, substring(new."MessageType" from ':([A-Za-z]+)(;|$)'),
                (message->>'version')::int, message->>'userId');
            return null;
        end $$;
        create trigger chaos after insert on "OutboxMessage" for each row
            when (new."EnqueueTime" is null and new."MessageType" ~ ':(Game|Player)[A-Z]') execute function chaos.record();

        create table {Announcements} (game_id uuid not null);
        create function chaos.record_announcement() returns trigger language plpgsql as $$
        begin
            insert into {Announcements} values (new.game_id);
            return null;
        end $$;
        create trigger chaos after insert on announcements for each row execute function chaos.record_announcement();
        """,
        ct);
}
