using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Bot.Announcing;

/// <summary>
/// Writes what Discord is to say of games, as they are now in the database and not as an event tells of them: so an event that comes late, twice
/// or out of order takes nothing back, and twenty that come together are one change.
/// </summary>
internal sealed class AnnouncementWriter(GamesDbContext db, TimeProvider clock, ILogger<AnnouncementWriter> logger)
{
    /// <param name="events">Of which game each is, and its trace.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="GameNotFoundException">A game is not there.</exception>
    public async Task WriteAsync(IEnumerable<(Guid GameId, string? TraceParent)> events, CancellationToken ct)
    {
        // Of several of one game the last speaks for it.
        var traces = events.GroupBy(x => x.GameId).ToDictionary(x => x.Key, x => x.Last().TraceParent);
        Guid[] ids = [.. traces.Keys.Order()];
        var found = await FindAsync(ids, ct);
        Dictionary<Guid, Announcement> announcements = [];
        if (found.Exists(x => x.AnnouncedVersion is not null))
        {
            announcements = await db.LockAnnouncementsAsync(ids, ct);
            found = await FindAsync(ids, ct);
        }

        var inserted = new List<Announcement>();
        var people = await db.PlayersOfAsync(found.Select(x => x.Game), ct);
        foreach (var (game, announced) in found)
        {
            if (announced >= game.Version)
                logger.AnnouncedAlready(game);
            else if (announcements.TryGetValue(game.Id, out var announcement))
                announcement.Show(game, AnnouncementText.Of(game, [.. people[game.Id]]), clock.GetUtcNow(), traces[game.Id]);
            else
                inserted.Add(Announcement.For(game, AnnouncementText.Of(game, [.. people[game.Id]]), clock.GetUtcNow(), traces[game.Id]));
        }

        // All of this fails if another event of one of the games gets in between: its retry finds the announcement. So no savepoint is needed.
        if (inserted is not [] && await db.InsertNewAsync(inserted, ct) < inserted.Count)
            throw new DbUpdateConcurrencyException("Another event of a game has announced it at the same moment.");
        db.Database.AutoSavepointsEnabled = false;
        await db.SaveChangesAsync(ct);
        foreach (var (game, announced) in found.Where(x => !(x.AnnouncedVersion >= x.Game.Version)))
            logger.Announced(game, isNew: announced is null);
    }

    private async Task<List<GameToAnnounce>> FindAsync(Guid[] ids, CancellationToken ct)
    {
        var found = await db.GamesToAnnounce(ids).ToListAsync(ct);
        return ids.Except(found.Select(x => x.Game.Id)).ToList() is [var missing, ..] ? throw logger.GameNotFound(missing) : found;
    }
}
