using System.Diagnostics;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Measuring;

/// <summary>
/// The result of the main job, read by SQL alone: an implementation needs only games(id, created_at) and announcements(game_id, created_at).
/// </summary>
internal sealed class Announcements(NpgsqlDataSource games)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    public Task<long> CountAsync(CancellationToken ct) => games.ScalarAsync<long>("select count(*) from announcements", ct);

    /// <summary>Reports the announcements beyond the first <paramref name="before"/>, until it is cancelled.</summary>
    public async Task WatchAsync(long before, IProgress<double> phase, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(ct))
            phase.Report(await CountAsync(ct) - before);
    }

    /// <summary>
    /// Waits until every accepted game is announced or the time is over. It polls the count, which is cheap, and checks the ids when the count
    /// is reached, because other clients' games count too.
    /// </summary>
    /// <returns>The verdict, and the timestamp (Stopwatch) at which the last announcement was counted.</returns>
    public async Task<(Verdict Verdict, long Seen)> WaitForAsync(
        IReadOnlyList<Guid> accepted, long before, TimeSpan timeout, IProgress<double> phase, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var counting = Stopwatch.GetTimestamp();
            var announced = await CountAsync(ct) - before;
            phase.Report(announced);
            var seen = Stopwatch.GetTimestamp();

            if (announced >= accepted.Count || Stopwatch.GetElapsedTime(started) > timeout)
            {
                var verdict = await CheckAsync(accepted, ct);
                if (verdict.NotAnnounced.Count == 0 || Stopwatch.GetElapsedTime(started) > timeout)
                    return (verdict, seen);
            }

            var pause = Stopwatch.GetElapsedTime(counting) * 10;
            await Task.Delay(pause > PollInterval ? pause : PollInterval, ct);
        }
    }

    public async Task<Verdict> CheckAsync(IReadOnlyList<Guid> accepted, CancellationToken ct)
    {
        var wrong = await games.QueryAsync(
            """
            select accepted.id, game.id is not null, coalesce(announced.times, 0)
            from (select distinct unnest($1) as id) accepted
            left join games game on game.id = accepted.id
            left join (select game_id, count(*) as times from announcements group by game_id) announced on announced.game_id = accepted.id
            where game.id is null or announced.times is distinct from 1
            order by accepted.id
            """,
            row => (Id: row.GetGuid(0), IsStored: row.GetBoolean(1), Announcements: row.GetInt64(2)),
            ct,
            accepted.ToArray());
        return new Verdict(
            NotStored: [.. wrong.Where(game => !game.IsStored).Select(game => game.Id)],
            NotAnnounced: [.. wrong.Where(game => game.Announcements == 0).Select(game => game.Id)],
            AnnouncedTwice: [.. wrong.Where(game => game.Announcements > 1).Select(game => game.Id)],
            AnsweredTwice: [.. accepted.CountBy(game => game).Where(game => game.Value > 1).Select(game => game.Key)]);
    }

    /// <summary>Milliseconds from games.created_at to announcements.created_at of the accepted games.</summary>
    public async Task<Distribution> LatencyAsync(IReadOnlyList<Guid> accepted, CancellationToken ct) => Distribution.Of(await games.QueryAsync(
        """
        select extract(epoch from announcement.created_at - game.created_at)::float8 * 1000
        from (select distinct unnest($1) as id) accepted
        join games game on game.id = accepted.id
        join announcements announcement on announcement.game_id = accepted.id
        """,
        row => row.GetDouble(0),
        ct,
        accepted.ToArray()));
}
