using Microsoft.EntityFrameworkCore;

namespace Games.Data;

/// <summary>A game and what its announcement has to know.</summary>
public sealed record GameToAnnounce(Game Game, int Players, bool IsAnnounced);

public static class AnnouncementQueries
{
    /// <summary>
    /// The games with these ids. One lookup by index for each, and by count, not Any: with <c>id = ANY(…)</c> or EXISTS a planner that takes a
    /// table for small reads all of it, and a connection keeps the plan while the table grows.
    /// </summary>
    public static IQueryable<GameToAnnounce> GamesToAnnounce(this GamesDbContext db, Guid[] gameIds) => db.Games
        .FromSql($"SELECT g.* FROM unnest({gameIds}) AS i(id) CROSS JOIN LATERAL (SELECT * FROM games WHERE games.id = i.id LIMIT 1) AS g")
        .AsNoTracking()
        .Select(game => new GameToAnnounce(
            game,
            db.Players.Count(player => player.GameId == game.Id),
            db.Announcements.Count(announcement => announcement.GameId == game.Id) > 0));
}
