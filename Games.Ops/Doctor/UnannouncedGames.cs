using Games.Contracts;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Ops.Doctor;

/// <summary>Games that were created and not announced.</summary>
internal sealed class UnannouncedGames(GamesDbContext db) : IOrphans
{
    public string Name => $"{Exchanges.GameCreated} without announcement";

    public IAsyncEnumerable<Orphan> FindAsync(DateTimeOffset before, CancellationToken ct) => db.Games
        .Where(game => game.CreatedAt < before && !db.Announcements.Any(announcement => announcement.GameId == game.Id))
        .OrderBy(game => game.Id)
        .Select(game => new Orphan(
            game.Id,
            new GameCreated(game.Id, game.GuildId, game.ChannelId, game.HostId, game.Title, game.ScheduledAt, game.MaxPlayers),
            null))
        .AsAsyncEnumerable();
}
