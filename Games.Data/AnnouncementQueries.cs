using Microsoft.EntityFrameworkCore;

namespace Games.Data;

/// <summary>A game, and the version of it that its announcement tells of; null if there is none.</summary>
public sealed record GameToAnnounce(Game Game, int? AnnouncedVersion);

public static class AnnouncementQueries
{
    /// <summary>
    /// The games with these ids, without their players. One lookup by index for each: with <c>id = ANY(…)</c> or EXISTS a planner that takes a
    /// table for small reads all of it, and a connection keeps the plan while the table grows.
    /// </summary>
    public static IQueryable<GameToAnnounce> GamesToAnnounce(this GamesDbContext db, Guid[] gameIds) => db.Games
        .FromSql($"SELECT g.* FROM unnest({gameIds}) AS i(id) CROSS JOIN LATERAL (SELECT * FROM games WHERE games.id = i.id LIMIT 1) AS g")
        .AsNoTracking()
        .Select(game => new GameToAnnounce(
            game, db.Announcements.Where(announcement => announcement.GameId == game.Id).Max(announcement => (int?)announcement.Version)));

    /// <summary>
    /// Locks the announcements of these games, in one order, so that whoever reads the games after it writes the newest state last.
    /// </summary>
    public static Task<Dictionary<Guid, Announcement>> LockAnnouncementsAsync(this GamesDbContext db, Guid[] gameIds, CancellationToken ct) =>
        db.Announcements
            .FromSql($"SELECT * FROM announcements WHERE game_id = ANY ({gameIds}) ORDER BY game_id FOR UPDATE")
            .ToDictionaryAsync(announcement => announcement.GameId, ct);

    /// <summary>
    /// Inserts them, but for those that somebody else has inserted meanwhile: for EF Core, which knows no ON CONFLICT, each of these would be an
    /// error in PostgreSQL's log.
    /// </summary>
    /// <returns>How many were inserted.</returns>
    public static Task<int> InsertNewAsync(this GamesDbContext db, IEnumerable<Announcement> announcements, CancellationToken ct)
    {
        // In one order, as whoever inserts one of them too is waited for.
        Announcement[] rows = [.. announcements.OrderBy(x => x.GameId)];
        return db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO announcements (game_id, channel_id, text, version, is_open, calendar_secret, created_at, changed_at, trace_parent)
             SELECT * FROM unnest(
                 {rows.Select(x => x.GameId).ToArray()}, {rows.Select(x => x.ChannelId).ToArray()}, {rows.Select(x => x.Text).ToArray()},
                 {rows.Select(x => x.Version).ToArray()}, {rows.Select(x => x.IsOpen).ToArray()}, {rows.Select(x => x.CalendarSecret).ToArray()},
                 {rows.Select(x => x.CreatedAt).ToArray()}, {rows.Select(x => x.ChangedAt).ToArray()}, {rows.Select(x => x.TraceParent).ToArray()})
             ON CONFLICT (game_id) DO NOTHING
             """,
            ct);
    }

    /// <summary>Who plays and waits in those of the games that have people.</summary>
    public static async Task<ILookup<Guid, Player>> PlayersOfAsync(this GamesDbContext db, IEnumerable<Game> games, CancellationToken ct)
    {
        Guid[] withPeople = [.. games.Where(game => game.People > 0).Select(game => game.Id)];
        if (withPeople is [])
            return Array.Empty<Player>().ToLookup(player => player.GameId);

        var players = await db.Players.AsNoTracking()
            .Where(player => withPeople.Contains(player.GameId)).OrderBy(player => player.Number).ToListAsync(ct);
        return players.ToLookup(player => player.GameId);
    }
}
