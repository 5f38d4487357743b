using Games.Bench.Measuring;
using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>Checks the database when no message is under way any more. Each statement finds the rows that break one promise.</summary>
internal sealed class ChaosCheck(NpgsqlDataSource database)
{
    /// <param name="accepted">Ids of the games that were answered 201.</param>
    /// <param name="posted">Requests sent, numbered from 1; the number is in the game's title.</param>
    public async Task<IReadOnlyList<Finding>> FindingsAsync(IReadOnlyList<Guid> accepted, int posted, CancellationToken ct)
    {
        var verdict = await new Announcements(database).CheckAsync(accepted, ct);
        Finding[] all =
        [
            Of(FindingKind.Lost, "accepted, but not in games", verdict.NotStored),

            // Games of failed requests count too: such a request leaves nothing, or a whole game.
            await FindAsync(FindingKind.Lost, "in games, but not announced", """
                select id::text from games where not exists (select from announcements where game_id = id) order by 1
                """, ct),
            await FindAsync(FindingKind.Lost, "in games, but without an event", $"""
                select id::text from games where not exists (select from {AuditTrail.Events} event where event.game_id = id) order by 1
                """, ct),

            Of(FindingKind.Doubled, "one id, answered to more than one POST", verdict.AnsweredTwice),
            await FindAsync(FindingKind.Doubled, "announced more than once", """
                select game_id::text from announcements group by game_id having count(*) > 1 order by 1
                """, ct),
            await FindAsync(FindingKind.Doubled, "with more than one event", $"""
                select game_id::text from {AuditTrail.Events} group by game_id having count(*) > 1 order by 1
                """, ct),

            // The primary key of announcements hides a consumer that ran twice; the inbox does not.
            await FindAsync(FindingKind.Doubled, "consumed more than once", $"""
                select game_id::text from {AuditTrail.Events} event join "InboxState" inbox on inbox."MessageId" = event.message_id
                group by game_id having count(*) > 1 order by 1
                """, ct),
            await FindAsync(FindingKind.Doubled, "from one POST, in more than one game", """
                select title from games group by title having count(*) > 1 order by 1
                """, ct),

            await FindAsync(FindingKind.Wrong, "announced, but not in games", """
                select game_id::text from announcements where not exists (select from games where id = game_id) order by 1
                """, ct),
            await FindAsync(FindingKind.Wrong, "an event, but not in games", $"""
                select game_id::text from {AuditTrail.Events} event where not exists (select from games where id = event.game_id) order by 1
                """, ct),
            await FindAsync(FindingKind.Wrong, "announced, but in no inbox", $"""
                select game_id::text from announcements announcement where not exists (
                    select from {AuditTrail.Events} event join "InboxState" inbox on inbox."MessageId" = event.message_id
                    where event.game_id = announcement.game_id)
                order by 1
                """, ct),
            await FindAsync(FindingKind.Wrong, "in games, but posted by nobody", $"""
                select id::text from games where coalesce(substring(title from '[0-9]+$')::int, 0) not between 1 and {posted} order by 1
                """, ct),

            await FindAsync(FindingKind.Stuck, "in the outbox", """
                select (to_jsonb(message) - array['Body', 'Headers', 'Properties'])::text from "OutboxMessage" message
                where "EnqueueTime" is null order by "SequenceNumber"
                """, ct),
            await FindAsync(FindingKind.Stuck, "in the inbox, but not finished", """
                select "MessageId"::text from "InboxState" where "Delivered" is null order by 1
                """, ct),
        ];

        return [.. all.Where(finding => finding.Items.Count > 0)];
    }

    /// <summary>Rows in games.</summary>
    public async Task<int> GamesAsync(CancellationToken ct) => (int)await database.ScalarAsync<long>("select count(*) from games", ct);

    /// <summary>Games that are not announced at their last version, and rows in the outbox.</summary>
    public async Task<long> CountPendingAsync(CancellationToken ct) =>
        await new AnnouncedState(database).CountBehindAsync(null, ct)
        + await database.ScalarAsync<long>("""select count(*) from "OutboxMessage" where "EnqueueTime" is null""", ct);

    /// <summary>The announcements by their games: when each was made, not when it was changed.</summary>
    public async Task<IReadOnlyDictionary<Guid, CommittedAnnouncement>> AnnouncementsAsync(CancellationToken ct)
    {
        var announcements = await database.QueryAsync(
            $"""
            select announcement.game_id, pg_xact_commit_timestamp(announcement.xmin),
                pg_xact_commit_timestamp(announcement.xmin) - pg_xact_commit_timestamp(event.xmin)
            from {AuditTrail.AllEvents} event join {AuditTrail.Announcements} announcement on announcement.game_id = event.game_id
            where event.type = 'GameCreated'
            """,
            row => (Game: row.GetGuid(0), Announcement: new CommittedAnnouncement(row.GetDateTime(1), row.GetTimeSpan(2))),
            ct);
        return announcements.ToDictionary(announced => announced.Game, announced => announced.Announcement);
    }

    private static Finding Of(FindingKind kind, string what, IEnumerable<Guid> games) => new(kind, what, [.. games.Select(game => game.ToString())]);

    private async Task<Finding> FindAsync(FindingKind kind, string what, string sql, CancellationToken ct) =>
        new(kind, what, await database.QueryAsync(sql, row => row.GetString(0), ct));
}

/// <param name="At">When PostgreSQL committed it (track_commit_timestamp).</param>
/// <param name="Wait">How long after its game.</param>
internal sealed record CommittedAnnouncement(DateTime At, TimeSpan Wait);
