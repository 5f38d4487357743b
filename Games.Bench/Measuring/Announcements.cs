using System.Diagnostics;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Measuring;

/// <summary>
/// The far end of the job, seen through SQL alone: games(id, created_at) and announcements(game_id, created_at) are all that an
/// implementation has to have.
/// </summary>
internal sealed class Announcements(NpgsqlDataSource games)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    public async Task<long> CountAsync(CancellationToken ct)
    {
        await using var command = games.CreateCommand("select count(*) from announcements");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Shows on <paramref name="phase"/> how many came since there were <paramref name="before"/>, until it is cancelled.</summary>
    public async Task WatchAsync(long before, IPhase phase, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
                phase.Reached(await CountAsync(ct) - before);
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    /// <summary>
    /// Waits until every accepted game is announced or the time is over. The cheap count says when to look; the ids decide, so that somebody
    /// else's announcements are not taken for ours.
    /// </summary>
    /// <returns>The verdict, and the timestamp (Stopwatch) at which the last announcement was seen committed.</returns>
    public async Task<(Verdict Verdict, long Seen)> WaitForAsync(IReadOnlyList<Guid> accepted, long before, TimeSpan timeout, IPhase phase, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var asked = Stopwatch.GetTimestamp();
            var announced = await CountAsync(ct) - before;
            phase.Reached(announced);
            var seen = Stopwatch.GetTimestamp();

            if (announced >= accepted.Count || Stopwatch.GetElapsedTime(started) > timeout)
            {
                var verdict = await CheckAsync(accepted, ct);
                if (verdict.NotAnnounced.Count == 0 || Stopwatch.GetElapsedTime(started) > timeout)
                    return (verdict, seen);
            }

            var pause = Stopwatch.GetElapsedTime(asked) * 10;
            await Task.Delay(pause > ShortestPause ? pause : ShortestPause, ct);
        }
    }

    public async Task<Verdict> CheckAsync(IReadOnlyList<Guid> accepted, CancellationToken ct)
    {
        var (notStored, notAnnounced, announcedTwice) = (new List<Guid>(), new List<Guid>(), new List<Guid>());

        await using var command = games.CreateCommand("""
            select accepted.id, game.id is not null, coalesce(announced.times, 0)
            from (select distinct unnest($1) as id) accepted
            left join games game on game.id = accepted.id
            left join (select game_id, count(*) as times from announcements group by game_id) announced on announced.game_id = accepted.id
            where game.id is null or announced.times is distinct from 1
            order by accepted.id
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = accepted.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var (game, stored, times) = (reader.GetGuid(0), reader.GetBoolean(1), reader.GetInt64(2));
            if (!stored)
                notStored.Add(game);
            if (times == 0)
                notAnnounced.Add(game);
            if (times > 1)
                announcedTwice.Add(game);
        }

        return new Verdict(notStored, notAnnounced, announcedTwice, [.. accepted.CountBy(game => game).Where(game => game.Value > 1).Select(game => game.Key)]);
    }

    /// <summary>Milliseconds from games.created_at to announcements.created_at of the accepted games.</summary>
    public async Task<Distribution> LatencyAsync(IReadOnlyList<Guid> accepted, CancellationToken ct)
    {
        await using var command = games.CreateCommand("""
            select extract(epoch from announcement.created_at - game.created_at)::float8 * 1000
            from (select distinct unnest($1) as id) accepted
            join games game on game.id = accepted.id
            join announcements announcement on announcement.game_id = accepted.id
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = accepted.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);

        var milliseconds = new List<double>(accepted.Count);
        while (await reader.ReadAsync(ct))
            milliseconds.Add(reader.GetDouble(0));
        return Distribution.Of(milliseconds);
    }
}
