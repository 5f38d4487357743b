using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>What the database must say when everything has come to rest. Each statement names what breaks one promise.</summary>
internal sealed class ChaosCheck(NpgsqlDataSource database)
{
    /// <param name="accepted">Ids of the games that were answered 201.</param>
    /// <param name="posted">Requests sent, numbered from 1; the number is in the game's title.</param>
    public async Task<IReadOnlyList<Finding>> FindingsAsync(IReadOnlyList<Guid> accepted, int posted, CancellationToken ct)
    {
        var verdict = await new Announcements(database).CheckAsync(accepted, ct);
        Finding[] all =
        [
            Of(Fate.Lost, "accepted, but not in games", verdict.NotStored),

            // Of failed requests too: they leave nothing, or a whole game.
            await FindAsync(Fate.Lost, "in games, but not announced", """
                select id::text from games where not exists (select from announcements where game_id = id) order by 1
                """, ct),
            await FindAsync(Fate.Lost, "in games, but without an event", $"""
                select id::text from games where not exists (select from {AuditTrail.Events} event where event.game_id = id) order by 1
                """, ct),

            Of(Fate.Doubled, "one id, answered to more than one POST", verdict.AnsweredTwice),
            await FindAsync(Fate.Doubled, "announced more than once", """
                select game_id::text from announcements group by game_id having count(*) > 1 order by 1
                """, ct),
            await FindAsync(Fate.Doubled, "with more than one event", $"""
                select game_id::text from {AuditTrail.Events} group by game_id having count(*) > 1 order by 1
                """, ct),

            // The effect and not only the row: the key of announcements would hide a consumer that took effect twice.
            await FindAsync(Fate.Doubled, "consumed more than once", $"""
                select game_id::text from {AuditTrail.Events} event join "InboxState" inbox on inbox."MessageId" = event.message_id
                group by game_id having count(*) > 1 order by 1
                """, ct),
            await FindAsync(Fate.Doubled, "from one POST, in more than one game", """
                select title from games group by title having count(*) > 1 order by 1
                """, ct),

            await FindAsync(Fate.Wrong, "announced, but not in games", """
                select game_id::text from announcements where not exists (select from games where id = game_id) order by 1
                """, ct),
            await FindAsync(Fate.Wrong, "an event, but not in games", $"""
                select game_id::text from {AuditTrail.Events} event where not exists (select from games where id = event.game_id) order by 1
                """, ct),
            await FindAsync(Fate.Wrong, "announced, but in no inbox", $"""
                select game_id::text from announcements announcement where not exists (
                    select from {AuditTrail.Events} event join "InboxState" inbox on inbox."MessageId" = event.message_id where event.game_id = announcement.game_id)
                order by 1
                """, ct),
            await FindAsync(Fate.Wrong, "in games, but posted by nobody", $"""
                select id::text from games where coalesce(substring(title from '[0-9]+$')::int, 0) not between 1 and {posted} order by 1
                """, ct),

            await FindAsync(Fate.Stuck, "in the outbox", """
                select (to_jsonb(message) - array['Body', 'Headers', 'Properties'])::text from "OutboxMessage" message order by "SequenceNumber"
                """, ct),
            await FindAsync(Fate.Stuck, "in the inbox, but not finished", """
                select "MessageId"::text from "InboxState" where "Delivered" is null order by 1
                """, ct),
        ];

        return [.. all.Where(finding => finding.Where.Count > 0)];
    }

    /// <summary>Rows in games.</summary>
    public async Task<int> GamesAsync(CancellationToken ct) => (int)(long)(await ScalarAsync("select count(*) from games", ct))!;

    /// <summary>Games that are not announced, and rows in the outbox.</summary>
    public async Task<(long NotAnnounced, long Pending)> UnrestAsync(CancellationToken ct) => (
        (long)(await ScalarAsync("select count(*) from games where not exists (select from announcements where game_id = id)", ct))!,
        (long)(await ScalarAsync("""select count(*) from "OutboxMessage" """, ct))!);

    /// <summary>When each announcement was committed, by PostgreSQL (track_commit_timestamp), and how long after its game.</summary>
    public async Task<IReadOnlyDictionary<Guid, (DateTime Committed, TimeSpan Wait)>> AnnouncementsAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("""
            select id, pg_xact_commit_timestamp(announcement.xmin), pg_xact_commit_timestamp(announcement.xmin) - pg_xact_commit_timestamp(game.xmin)
            from games game join announcements announcement on game_id = id
            """);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var announcements = new Dictionary<Guid, (DateTime, TimeSpan)>();
        while (await reader.ReadAsync(ct))
            announcements[reader.GetGuid(0)] = (reader.GetDateTime(1), reader.GetTimeSpan(2));
        return announcements;
    }

    private static Finding Of(Fate fate, string what, IEnumerable<Guid> games) => new(fate, what, [.. games.Select(game => game.ToString())]);

    private async Task<Finding> FindAsync(Fate fate, string what, string sql, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var where = new List<string>();
        while (await reader.ReadAsync(ct))
            where.Add(reader.GetString(0));
        return new Finding(fate, what, where);
    }

    private async Task<object?> ScalarAsync(string sql, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync(ct);
    }
}
