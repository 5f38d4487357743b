using Games.Contracts;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Doctor;

/// <summary>Games that are not announced, or at an older version of theirs. The event of a new game has the bot mend both.</summary>
internal sealed class UnannouncedGames(GamesDbContext db) : IOrphans
{
    public string Name => "game without an announcement of its last version";

    public IAsyncEnumerable<Orphan> FindAsync(DateTimeOffset before, CancellationToken ct) => db.Games
        .Where(game => game.UpdatedAt < before
            && !db.Announcements.Any(announcement => announcement.GameId == game.Id && announcement.Version >= game.Version))
        .OrderBy(game => game.Id)
        .Select(game => new Orphan(
            game.Id,
            new GameCreated(
                game.Id, game.GuildId, game.ChannelId, game.HostId, game.Title, game.ScheduledAt, game.MaxPlayers, 1, game.CreatedAt, null),
            null))
        .AsAsyncEnumerable();
}
