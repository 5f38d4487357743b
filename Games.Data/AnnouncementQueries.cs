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
