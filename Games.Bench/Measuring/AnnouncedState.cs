using Npgsql;

namespace Games.Bench.Measuring;

/// <summary>
/// Whether announcements say what their games are, read by SQL alone: each is at its game's last version, open or closed as its game is, and
/// its text has the game's title, state, seats, waiting list and place.
/// </summary>
internal sealed class AnnouncedState(NpgsqlDataSource database)
{
    /// <summary>Games whose announcement is missing or at another version.</summary>
    /// <param name="games">Null for all.</param>
    public Task<long> CountBehindAsync(IReadOnlyList<Guid>? games, CancellationToken ct) => database.ScalarAsync<long>(
        $"""
        select count(*) from {Of(games)} game left join announcements announcement on game_id = id
        where announcement.version is distinct from game.version
        """,
        ct,
        Values(games));

    /// <summary>What is wrong, with the games that have it.</summary>
    public async Task<ILookup<string, Guid>> WrongAsync(IReadOnlyList<Guid>? games, CancellationToken ct)
    {
        var wrong = await database.QueryAsync(
            $"""
            select id, array_remove(array[
                case when announcement.version is distinct from game.version then 'not at its last version' end,
                case when is_open is distinct from (status = 'scheduled') then 'open, or closed, as its game is not' end,
                case when left(text, length(heading) + 1) is distinct from heading || E'\n' then 'with another title or state' end,
                case when text !~ ('\nPlayers: ' || least(joined, max_players) || '/' || max_players || '(:|\n|$)') then 'with other seats' end,
                case when joined > max_players and text !~ ('\nWaiting: ' || joined - max_players || '(:|\n|$)')
                    or joined <= max_players and text ~ '\nWaiting: ' then 'with another waiting list' end,
                case when strpos(text, E'\nWhere: ' || location) = 0 then 'with another place' end,
                case when people <> joined then 'of a game that counts its people wrongly' end], null)
            from (
                select *, (select count(*) from players where game_id = id) as joined, case status
                    when 'scheduled' then '**' || title || '**'
                    when 'started' then '**' || title || '** has started'
                    when 'finished' then '~~**' || title || '**~~ is over'
                    else '~~**' || title || '**~~ is cancelled' || coalesce(': ' || cancel_reason, '') end as heading
                from {Of(games)} stored) game
            left join announcements announcement on game_id = id
            order by id
            """,
            row => (Game: row.GetGuid(0), What: row.GetFieldValue<string[]>(1)),
            ct,
            Values(games));
        return wrong.SelectMany(game => game.What, (game, what) => (game.Game, What: what)).ToLookup(one => one.What, one => one.Game);
    }

    private static string Of(IReadOnlyList<Guid>? games) => games is null ? "games" : "(select * from games where id = any ($1))";

    private static object[] Values(IReadOnlyList<Guid>? games) => games is null ? [] : [games.ToArray()];
}
