using Games.Bench.Measuring;
using Games.Bench.Mix;
using Npgsql;

namespace Games.Bench.Chaos;

/// <summary>
/// Checks what a mix has made of its games, when no message is under way any more. Requests that were not answered may have been done; what was
/// answered as done has its event, each version of a game has its own, and each event has been consumed by all that consume its kind.
/// </summary>
internal sealed class MixCheck(NpgsqlDataSource database)
{
    // What follows from another event of the same version.
    private const string Consequences = "('PlayerPromoted', 'PlayerDemoted')";

    private static readonly IReadOnlyDictionary<RequestKind, string> EventOf = new Dictionary<RequestKind, string>
    {
        [RequestKind.Create] = "GameCreated",
        [RequestKind.Join] = "PlayerJoined",
        [RequestKind.Leave] = "PlayerLeft",
        [RequestKind.Change] = "GameUpdated",
        [RequestKind.Cancel] = "GameCancelled",
    };

    /// <param name="done">The requests that were answered as done.</param>
    public async Task<IReadOnlyList<Finding>> FindingsAsync(IReadOnlyCollection<MixedRequest> done, CancellationToken ct)
    {
        Finding[] all =
        [
            await FindAsync(
                FindingKind.Lost,
                "done, but without an event",
                $"""
                select concat_ws(' ', asked.game_id, asked.type, asked.user_id)
                from (select game_id, type, nullif(user_id, '') as user_id, count(*) as times
                    from unnest($1, $2, $3) one (game_id, type, user_id) group by 1, 2, 3) asked
                left join (select game_id, type, case when type in ('PlayerJoined', 'PlayerLeft') then user_id end as user_id, count(*) as times
                    from {AuditTrail.AllEvents} group by 1, 2, 3) said
                    on said.game_id = asked.game_id and said.type = asked.type and said.user_id is not distinct from asked.user_id
                where said.times is null or said.times < asked.times
                order by 1
                """,
                ct,
                done.Select(request => request.GameId).ToArray(),
                done.Select(request => EventOf[request.Kind]).ToArray(),
                done.Select(request => request.UserId ?? "").ToArray()),
            await FindAsync(
                FindingKind.Lost,
                "with a version without an event",
                $"""
                select id::text from games
                where version <> (select count(distinct event.version) from {AuditTrail.AllEvents} event where game_id = id) order by 1
                """,
                ct),
            await FindAsync(
                FindingKind.Lost,
                "an event that not all its consumers have consumed",
                $"""
                with consumed as (
                    select event.game_id, event.type, event.message_id, count(inbox."MessageId") as times
                    from {AuditTrail.AllEvents} event left join "InboxState" inbox on inbox."MessageId" = event.message_id group by 1, 2, 3)
                select concat_ws(' ', game_id, type) from consumed
                where times < greatest(1, (select max(times) from consumed other where other.type = consumed.type)) order by 1
                """,
                ct),

            await FindAsync(
                FindingKind.Doubled,
                "joined, left or cancelled more than once",
                $"""
                select concat_ws(' ', game_id, type, user_id) from {AuditTrail.AllEvents}
                where type in ('GameCancelled', 'PlayerJoined', 'PlayerLeft') group by game_id, type, user_id having count(*) > 1 order by 1
                """,
                ct),
            await FindAsync(
                FindingKind.Doubled,
                "with two changes of one version",
                $"""
                select distinct concat_ws(' ', game_id, version) from {AuditTrail.AllEvents}
                where type not in {Consequences} group by game_id, version having count(*) > 1 order by 1
                """,
                ct),

            await FindAsync(
                FindingKind.Wrong,
                "who have joined and not left, or the other way round",
                $"""
                with came as (
                    select game_id, user_id from {AuditTrail.AllEvents} where type = 'PlayerJoined'
                    except select game_id, user_id from {AuditTrail.AllEvents} where type = 'PlayerLeft'),
                there as (select game_id, user_id::text from players)
                select concat_ws(' ', game_id, user_id)
                from ((select * from came except select * from there) union (select * from there except select * from came)) differs
                order by 1
                """,
                ct),
            .. (await new AnnouncedState(database).WrongAsync(null, ct))
                .Select(games => new Finding(FindingKind.Wrong, $"announced {games.Key}", [.. games.Select(game => game.ToString())])),
        ];

        return [.. all.Where(finding => finding.Items.Count > 0)];
    }

    private async Task<Finding> FindAsync(FindingKind kind, string what, string sql, CancellationToken ct, params object[] values) =>
        new(kind, what, await database.QueryAsync(sql, row => row.GetString(0), ct, values));
}
